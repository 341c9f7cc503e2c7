"""The entry point of the PostgreSQL image, run by a real shell with stand-ins for `initdb` and `postgres`."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[2] / "images/postgres/docker-entrypoint.sh"

INITDB = """#!/bin/sh
echo "initdb $*" >>"$CALLS"
cat >"$PASSWORD_SEEN"
for each; do case $each in --pgdata=*) folder=${each#--pgdata=} ;; esac; done
mkdir -p "$folder"; echo 15 >"$folder/PG_VERSION"
exit "${INITDB_EXITS:-0}"
"""
POSTGRES = """#!/bin/sh
echo "postgres $*" >>"$CALLS"
env >"$SERVER_ENVIRONMENT"
case $1 in --single) cat >>"$CALLS" ;; esac
"""


@dataclass(frozen=True)
class Image:
    folder: Path

    def start(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the entry point as a container would, with PGDATA below a mount."""
        own = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "PGDATA": str(self.pgdata),
            **{name.upper(): str(self.folder / name) for name in ("calls", "password_seen", "server_environment")},
        }
        command = ["/bin/sh", str(ENTRYPOINT), *arguments]
        return subprocess.run(command, env=own | environment, capture_output=True, text=True, check=False)

    @property
    def pgdata(self) -> Path:
        return self.folder / "mount/pgdata"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines() if (self.folder / "calls").exists() else []


@pytest.fixture
def image(tmp_path: Path) -> Image:
    for name, text in (("initdb", INITDB), ("postgres", POSTGRES)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return Image(tmp_path)


def test_the_first_start_makes_the_database_then_serves(image: Image) -> None:
    """The named database exists when the server starts, hosts need a password, and all addresses are listened on."""
    done = image.start("postgres", POSTGRES_PASSWORD="secret", POSTGRES_USER="owner", POSTGRES_DB="things")
    assert done.returncode == 0, done.stderr
    initdb, single, statement, server = image.calls
    assert "--username=owner" in initdb
    assert "--auth-host=scram-sha-256" in initdb
    assert single.startswith("postgres --single")
    assert statement == 'CREATE DATABASE "things"'
    assert server == "postgres "
    assert "host all all all scram-sha-256" in (image.pgdata / "pg_hba.conf").read_text()
    assert "listen_addresses = '*'" in (image.pgdata / "postgresql.conf").read_text()


def test_the_password_is_in_no_argument_and_not_with_the_server(image: Image) -> None:
    """The password goes through a pipe to initdb; whoever lists processes or the server's environment sees none."""
    image.start("postgres", POSTGRES_PASSWORD="s3cret")
    assert (image.folder / "password_seen").read_text() == "s3cret\n"
    assert not any("s3cret" in call for call in image.calls)
    assert "s3cret" not in (image.folder / "server_environment").read_text()


def test_a_later_start_touches_nothing(image: Image) -> None:
    """A database that is there is served, also without a password given."""
    image.start("postgres", POSTGRES_PASSWORD="secret")
    (image.folder / "calls").unlink()
    assert image.start("-c", "port=5").returncode == 0
    assert image.calls == ["postgres -c port=5"]


def test_a_start_that_broke_off_is_begun_again(image: Image) -> None:
    """A kill in the middle of making the database leaves nothing that the next start takes for one."""
    broken = image.start("postgres", POSTGRES_PASSWORD="secret", INITDB_EXITS="1")
    assert broken.returncode != 0
    assert not image.pgdata.exists()
    assert image.start("postgres", POSTGRES_PASSWORD="secret").returncode == 0
    assert (image.pgdata / "PG_VERSION").exists()
    assert sorted(path.name for path in image.pgdata.parent.iterdir()) == ["pgdata"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "POSTGRES_PASSWORD is empty"),
        ({"POSTGRES_PASSWORD": "x", "POSTGRES_DB": 'a"; DROP'}, "POSTGRES_DB may hold letters"),
        ({"POSTGRES_PASSWORD": "x", "POSTGRES_PASSWORD_FILE": "/x"}, "not both"),
    ],
)
def test_a_wrong_environment_is_one_sentence_and_no_database(
    image: Image, environment: dict[str, str], sentence: str
) -> None:
    """What cannot be made is refused with the variable's name, exit 2, and nothing was begun."""
    done = image.start("postgres", **environment)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert image.calls == []


def test_the_password_may_come_from_a_file(image: Image) -> None:
    """A mounted secret is read, as with the official image."""
    (image.folder / "pw").write_text("from-file\n")
    assert image.start(POSTGRES_PASSWORD_FILE=str(image.folder / "pw")).returncode == 0
    assert (image.folder / "password_seen").read_text() == "from-file\n"


def test_another_command_is_run_as_given(image: Image) -> None:
    """`docker run image psql ...` runs psql, and makes no database."""
    assert image.start("echo", "hello").stdout == "hello\n"
    assert image.calls == []
