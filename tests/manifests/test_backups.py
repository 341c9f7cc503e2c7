"""Backups are made, kept, found whole, and put back: the CronJobs, and their script on a real PostgreSQL."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pg8000.native import Connection

from children.postgres import NAME, PASSWORD, USER, PostgresChild, postgres_child
from tests.manifests.rendered import MANIFESTS, Document, named

SCRIPT = MANIFESTS / "base/backups.sh"


def container(cronjob: str) -> Document:
    [found] = named("CronJob", cronjob)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_a_backup_is_made_every_day_and_never_twice_at_once() -> None:
    """With an end, a few tries, a late start allowed, and a history that does not grow."""
    spec = named("CronJob", "postgres-backup")["spec"]
    minute, hour, *days = spec["schedule"].split()
    assert minute.isdigit()
    assert hour.isdigit()
    assert days == ["*", "*", "*"]
    assert (spec["concurrencyPolicy"], spec.get("suspend", False)) == ("Forbid", False)
    assert 0 < spec["startingDeadlineSeconds"] < 24 * 3600
    assert 0 < spec["successfulJobsHistoryLimit"] <= 5
    assert 0 < spec["failedJobsHistoryLimit"] <= 5
    job = spec["jobTemplate"]["spec"]
    assert (job["backoffLimit"], job["activeDeadlineSeconds"]) == (2, 1800)
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_a_restore_runs_when_somebody_asks_for_it_and_never_else() -> None:
    spec = named("CronJob", "postgres-restore")["spec"]
    assert spec["suspend"] is True
    assert spec["schedule"].split()[2:4] == ["31", "2"]
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0


def test_backups_are_on_a_claim_that_is_not_the_database_s() -> None:
    claim = named("PersistentVolumeClaim", "postgres-backup")["spec"]
    assert claim["accessModes"] == ["ReadWriteOnce"]
    for name in ("postgres-backup", "postgres-restore"):
        spec = named("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        mounts = {mount["mountPath"]: mount for mount in container(name)["volumeMounts"]}
        env = {variable["name"]: variable for variable in container(name)["env"]}
        folder = env["BACKUPS"]["value"]
        assert volumes[mounts[folder]["name"]]["persistentVolumeClaim"]["claimName"] == "postgres-backup"
        assert mounts[folder].get("readOnly", False) is (name == "postgres-restore")


def test_both_ask_the_database_that_the_services_use_with_its_own_password() -> None:
    """Names and password come from where the database has them."""
    config, secret = (
        named(kind, name)["metadata"]["name"] for kind, name in (("ConfigMap", "postgres"), ("Secret", "database"))
    )
    for name in ("postgres-backup", "postgres-restore"):
        env = {variable["name"]: variable.get("value") or variable["valueFrom"] for variable in container(name)["env"]}
        assert env["PGHOST"] == named("Service", "postgres")["metadata"]["name"]
        assert env["PGDATABASE"] == {"configMapKeyRef": {"name": config, "key": "POSTGRES_DB"}}
        assert env["PGUSER"] == {"configMapKeyRef": {"name": config, "key": "POSTGRES_USER"}}
        assert env["PGPASSWORD"] == {"secretKeyRef": {"name": secret, "key": "password"}}
        assert container(name)["command"] == ["/bin/sh", "/scripts/backups.sh", name.removeprefix("postgres-")]
        assert (
            container(name)["image"]
            == named("StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"][0]["image"]
        )


@dataclass(frozen=True)
class Backups:
    """The script, its folder, and the database it looks at; `date` is a stand-in that is told the time."""

    folder: Path
    database: PostgresChild

    def run(self, what: str, *, at: str = "20260101T000000Z", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script as its container would, at a moment that names the backup."""
        stand_in = self.folder / "bin/date"
        stand_in.write_text(f"#!/bin/sh\necho {at}\n")
        stand_in.chmod(0o755)
        own = {
            "PATH": f"{stand_in.parent}:{self.database.programs}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.database.port),
            "PGDATABASE": NAME,
            "PGUSER": USER,
            "PGPASSWORD": PASSWORD,
            "BACKUPS": str(self.kept),
            "KEEP": "2",
        }
        command = ["/bin/sh", str(SCRIPT), what]
        return subprocess.run(command, env=own | environment, capture_output=True, text=True, check=False, timeout=60)

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    @property
    def names(self) -> list[str]:
        """All that lies in the folder, hidden or not."""
        return sorted(path.name for path in self.kept.iterdir())

    def sql(self, statement: str) -> list[list[object]]:
        with Connection(USER, "127.0.0.1", NAME, self.database.port, PASSWORD, ssl_context=False) as connection:
            return list(connection.run(statement) or [])


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresChild]:
    with postgres_child() as child:
        yield child


@pytest.fixture
def backups(database: PostgresChild, tmp_path: Path) -> Backups:
    (tmp_path / "bin").mkdir()
    (tmp_path / "kept").mkdir()
    found = Backups(tmp_path, database)
    found.sql("DROP TABLE IF EXISTS things")
    found.sql("CREATE TABLE things (id serial PRIMARY KEY, name text)")
    found.sql("INSERT INTO things (name) VALUES ('kept')")
    return found


def test_what_was_backed_up_is_put_back_and_numbered_on(backups: Backups) -> None:
    """Rows as they were; the next one gets the number that follows."""
    made = backups.run("backup")
    assert made.returncode == 0, made.stderr
    assert backups.names == ["20260101T000000Z"]
    backups.sql("DROP TABLE things")
    restored = backups.run("restore")
    assert restored.returncode == 0, restored.stderr
    assert "is what it was at 20260101T000000Z" in restored.stderr
    backups.sql("INSERT INTO things (name) VALUES ('next')")
    assert backups.sql("SELECT id, name FROM things ORDER BY id") == [[1, "kept"], [2, "next"]]


def test_a_restore_takes_back_what_was_changed_since(backups: Backups) -> None:
    """Over a database that is there: changed, added and deleted rows are as they were."""
    backups.run("backup")
    backups.sql("UPDATE things SET name = 'changed'")
    backups.sql("INSERT INTO things (name) VALUES ('added')")
    assert backups.run("restore").returncode == 0
    assert backups.sql("SELECT name FROM things") == [["kept"]]


def test_the_newest_is_put_back_unless_another_is_named(backups: Backups) -> None:
    backups.run("backup", at="20260101T000000Z")
    backups.sql("UPDATE things SET name = 'later'")
    backups.run("backup", at="20260102T000000Z")
    backups.run("restore")
    assert backups.sql("SELECT name FROM things") == [["later"]]
    backups.run("restore", BACKUP="20260101T000000Z")
    assert backups.sql("SELECT name FROM things") == [["kept"]]


def test_the_newest_are_kept_and_the_others_dropped(backups: Backups) -> None:
    for day in ("01", "02", "03"):
        assert backups.run("backup", at=f"202601{day}T000000Z").returncode == 0
    assert backups.names == ["20260102T000000Z", "20260103T000000Z"]


def test_a_backup_that_fails_leaves_nothing_and_drops_nothing(backups: Backups) -> None:
    """The old ones are all there is then."""
    for day in ("01", "02"):
        backups.run("backup", at=f"202601{day}T000000Z")
    failed = backups.run("backup", at="20260103T000000Z", PGDATABASE="no_such")
    assert failed.returncode != 0
    assert "no_such" in failed.stderr
    assert backups.names == ["20260101T000000Z", "20260102T000000Z"]


def test_what_a_killed_backup_left_is_no_backup_and_goes_after_a_day(backups: Backups) -> None:
    """Not sooner: it may be another one at work."""
    for name in (".unfinished-20260101T000000Z", ".dropped-20250101T000000Z"):
        (backups.kept / name).mkdir()
        (backups.kept / name / "database.dump").write_text("half")
    assert "there is no backup in" in backups.run("restore").stderr
    backups.run("backup", at="20260102T000000Z")
    assert len(backups.names) == 3
    for path in backups.kept.glob(".*"):
        os.utime(path, (0, 0))
    backups.run("backup", at="20260103T000000Z")
    assert backups.names == ["20260102T000000Z", "20260103T000000Z"]


def test_a_damaged_backup_is_refused_before_anything_is_touched(backups: Backups) -> None:
    backups.run("backup")
    dump = backups.kept / "20260101T000000Z/database.dump"
    whole = bytearray(dump.read_bytes())
    whole[len(whole) // 2] ^= 1
    dump.write_bytes(whole)
    backups.sql("UPDATE things SET name = 'now'")
    refused = backups.run("restore")
    assert refused.returncode == 1
    assert "20260101T000000Z is damaged: nothing was changed" in refused.stderr
    assert backups.sql("SELECT name FROM things") == [["now"]]


def test_a_restore_that_cannot_end_changes_nothing(backups: Backups) -> None:
    """All in one transaction: a view that hangs on a table keeps it, and everything stays as it is."""
    backups.run("backup")
    backups.sql("UPDATE things SET name = 'now'")
    backups.sql("CREATE VIEW hung AS SELECT * FROM things")
    assert backups.run("restore").returncode != 0
    assert backups.sql("SELECT name FROM things") == [["now"]]
    backups.sql("DROP VIEW hung")


@pytest.mark.parametrize(
    ("what", "environment", "sentence"),
    [
        ("restore", {}, "there is no backup in"),
        ("restore", {"BACKUP": "20250101T000000Z"}, "there is no backup 20250101T000000Z"),
        ("backup", {"KEEP": "0"}, "KEEP must be the number of backups to keep; it is '0'"),
        ("backup", {"KEEP": "all"}, "it is 'all'"),
        ("destroy", {}, "say backup or restore"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    backups: Backups, what: str, environment: dict[str, str], sentence: str
) -> None:
    done = backups.run(what, **environment)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert backups.names == []
