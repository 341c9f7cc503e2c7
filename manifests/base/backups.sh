#!/bin/sh
# Backups of one database: `backups.sh backup` makes one, `backups.sh restore` puts the newest back, or the one that
# $BACKUP names. Reads PGHOST, PGDATABASE, PGUSER, PGPASSWORD and BACKUPS, the folder that keeps the newest $KEEP.
#
# A backup is a folder named for its moment (UTC) with a dump and its checksum. It is made under another name and gets
# its own when it is whole and on disk: what has the name of a backup is one, whatever was killed when.
set -eu
umask 077
export LC_ALL=C PGCONNECT_TIMEOUT=5
DUMP=database.dump

say() {
    echo "backups: $1" >&2
}

refuse() {
    say "$1"
    exit 1
}

# A new pod is admitted by the network policies a moment after it starts, and the database may be starting too.
wait_for_database() {
    tries=60
    until pg_isready --quiet; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || refuse "$PGDATABASE at $PGHOST does not answer"
        sleep 1
    done
}

# The folders that are backups, oldest first.
finished() {
    for folder in "$BACKUPS"/[0-9]*Z; do
        [ ! -d "$folder" ] || echo "${folder##*/}"
    done
}

# Under another name first, so that half a backup never has the name of one.
drop() {
    mv "$BACKUPS/$1" "$BACKUPS/.dropped-$1"
    rm -rf "$BACKUPS/.dropped-$1"
}

# What a killed run left. A day is longer than any run, so it is nobody's that still works.
sweep() {
    yesterday=$(mktemp)
    touch -d '1 day ago' "$yesterday"
    for rest in "$BACKUPS"/.unfinished-* "$BACKUPS"/.dropped-*; do
        if [ -e "$rest" ] && [ "$rest" -ot "$yesterday" ]; then rm -rf "$rest"; fi
    done
    rm -f "$yesterday"
}

backup() {
    case ${KEEP:-} in '' | *[!0-9]* | 0) refuse "KEEP must be the number of backups to keep; it is '${KEEP:-}'" ;; esac
    sweep
    wait_for_database
    name=$(date -u +%Y%m%dT%H%M%SZ)
    work=$BACKUPS/.unfinished-$name
    mkdir "$work"
    trap 'rm -rf "$work"' EXIT
    pg_dump --format=custom --lock-wait-timeout=60s --file="$work/$DUMP"
    # Read back as a restore would: a file that cannot be read is no backup.
    pg_restore --file=/dev/null "$work/$DUMP"
    (cd "$work" && sha256sum "$DUMP" >SHA256SUMS)
    sync "$work"/* "$work"
    mv "$work" "$BACKUPS/$name"
    sync "$BACKUPS"
    say "$name holds $PGDATABASE, $(wc -c <"$BACKUPS/$name/$DUMP") bytes"
    # Only now, when there is a newer one.
    finished | head -n "-$KEEP" | while read -r old; do
        drop "$old"
        say "$old is dropped: the newest $KEEP are kept"
    done
}

restore() {
    name=${BACKUP:-$(finished | tail -n 1)}
    [ -n "$name" ] || refuse "there is no backup in $BACKUPS"
    [ -d "$BACKUPS/$name" ] || refuse "there is no backup $name; there are: $(finished | tr '\n' ' ')"
    (cd "$BACKUPS/$name" && sha256sum --check --quiet SHA256SUMS) || refuse "$name is damaged: nothing was changed"
    wait_for_database
    # All of it or nothing; and it fails rather than wait for a session that holds a table.
    PGOPTIONS='-c lock_timeout=60s' pg_restore --dbname="$PGDATABASE" --clean --if-exists --single-transaction \
        "$BACKUPS/$name/$DUMP"
    say "$PGDATABASE is what it was at $name"
}

case ${1:-} in
    backup | restore) "$1" ;;
    *) refuse "say backup or restore" ;;
esac
