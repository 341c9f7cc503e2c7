#!/bin/sh
# Makes the database on the first start, then becomes the server. Reads POSTGRES_PASSWORD (or the file that
# POSTGRES_PASSWORD_FILE names), POSTGRES_USER (postgres), POSTGRES_DB (the user's name) and PGDATA, as the official
# image does. Runs as uid 999 on a read-only root: it writes to PGDATA, /tmp and /var/run/postgresql only.
set -eu
umask 077

refuse() {
    echo "postgres image: $1" >&2
    exit 2
}

plain_name() {
    case $2 in
        '' | *[!A-Za-z0-9_-]*) refuse "$1 may hold letters, digits, _ and -; it is '$2'" ;;
    esac
}

# An empty PGDATA says that no start has finished: what was begun is made beside it and renamed when complete, so a
# kill in the middle leaves nothing that looks like a database. Where PGDATA is itself the mount, it is made in place.
choose_workplace() {
    work=$PGDATA.unfinished
    mkdir -p "$(dirname "$PGDATA")"
    rm -rf "$work" 2>/dev/null || true
    if mkdir "$work" 2>/dev/null && { [ ! -e "$PGDATA" ] || rmdir "$PGDATA" 2>/dev/null; }; then
        return
    fi
    rmdir "$work" 2>/dev/null || true
    work=$PGDATA
}

initialize() {
    password=${POSTGRES_PASSWORD:-}
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        [ -z "$password" ] || refuse "set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, not both"
        password=$(cat "$POSTGRES_PASSWORD_FILE")
    fi
    [ -n "$password" ] || refuse "POSTGRES_PASSWORD is empty: a database without a password is not made"
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    plain_name POSTGRES_USER "$user"
    plain_name POSTGRES_DB "$database"

    choose_workplace
    # The password goes through a pipe: it is never in an argument or a file.
    printf '%s\n' "$password" | initdb --pgdata="$work" --username="$user" --pwfile=/dev/stdin \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >&2
    echo "host all all all scram-sha-256" >>"$work/pg_hba.conf"
    printf "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n" >>"$work/postgresql.conf"
    if [ "$database" != postgres ]; then
        echo "CREATE DATABASE \"$database\"" |
            postgres --single -D "$work" -c exit_on_error=on -c log_min_messages=warning postgres >/dev/null
    fi
    [ "$work" = "$PGDATA" ] || mv "$work" "$PGDATA"
    unset password
}

case ${1:--} in
    -) set -- postgres ;;
    -*) set -- postgres "$@" ;;
esac
if [ "${1:-}" = postgres ]; then
    [ -s "$PGDATA/PG_VERSION" ] || initialize
    unset POSTGRES_PASSWORD
fi
exec "$@"
