"""DB_SSLMODE, against a PostgreSQL that speaks TLS and one that does not."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from children.postgres import PostgresChild
from items.connection import FOR_REQUESTS, connect, hang_up
from items.errors import StoreUnavailable
from items.settings import Database, Settings
from items.store import Store
from serving.settings import SettingsError


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signed the server's certificate."""
    return trustme.CA(organization_name="the authority")


@pytest.fixture(scope="module")
def speaking_tls(postgres: PostgresChild, authority: trustme.CA) -> Iterator[PostgresChild]:
    """The database, with TLS and a certificate for 127.0.0.1; without again afterwards."""
    data = postgres.folder / "data"
    issued = authority.issue_cert("127.0.0.1")
    for name, blob in {"server.key": issued.private_key_pem, "server.crt": issued.cert_chain_pems[0]}.items():
        blob.write_to_path(data / name)
        (data / name).chmod(0o600)
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
    _set_tls(postgres, "on")
    yield postgres
    _set_tls(postgres, "off")


def _set_tls(postgres: PostgresChild, value: str) -> None:
    with (postgres.folder / "data/postgresql.conf").open("a") as conf:
        conf.write(f"ssl = {value}\n")
    assert postgres.process is not None
    os.kill(postgres.process.pid, signal.SIGHUP)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        line = connect(Settings.from_env(postgres.env).database, FOR_REQUESTS)
        [[now]] = line.run("SHOW ssl")
        hang_up(line)
        if now == value:
            return
    raise AssertionError(f"ssl is not {value} after 5 s")


def database_with(postgres: PostgresChild, **more: str) -> Database:
    return Settings.from_env({**postgres.env, **more}).database


def trusting(authority: trustme.CA, folder: Path) -> dict[str, str]:
    """The variables of who trusts an authority, and asks for its word."""
    root = folder / "root.crt"
    authority.cert_pem.write_to_path(root)
    return {"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": str(root)}


def uses_tls(database: Database) -> bool:
    line = connect(database, FOR_REQUESTS)
    [[encrypted]] = line.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    hang_up(line)
    return bool(encrypted)


def test_each_mode_does_what_it_says(speaking_tls: PostgresChild, authority: trustme.CA, tmp_path: Path) -> None:
    assert not uses_tls(database_with(speaking_tls))
    assert not uses_tls(database_with(speaking_tls, DB_SSLMODE="disable"))
    assert uses_tls(database_with(speaking_tls, DB_SSLMODE="require"))
    assert uses_tls(database_with(speaking_tls, **trusting(authority, tmp_path)))


@pytest.mark.usefixtures("empty_table")
def test_the_store_works_over_tls_and_keeps_its_connection(
    speaking_tls: PostgresChild, authority: trustme.CA, tmp_path: Path
) -> None:
    store = Store(database_with(speaking_tls, **trusting(authority, tmp_path)))
    large = "x" * 300_000
    added = store.add("lamp", large)
    assert [store.find(added.id) for _ in range(3)] == [added.item] * 3
    assert store.counts().opened == 1
    store.close()


def test_a_server_signed_by_somebody_else_is_refused(speaking_tls: PostgresChild, tmp_path: Path) -> None:
    stranger = trustme.CA(organization_name="the authority")  # of the same name
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        Store(database_with(speaking_tls, **trusting(stranger, tmp_path))).find(1)


def test_a_server_of_another_name_is_refused(
    speaking_tls: PostgresChild, authority: trustme.CA, tmp_path: Path
) -> None:
    elsewhere = replace(database_with(speaking_tls, **trusting(authority, tmp_path)), host="localhost")
    with pytest.raises(StoreUnavailable, match="not valid for 'localhost'"):
        Store(elsewhere).find(1)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused_not_spoken_to_in_the_clear(
    postgres: PostgresChild, authority: trustme.CA, tmp_path: Path, mode: str
) -> None:
    _set_tls(postgres, "off")
    try:
        asked = trusting(authority, tmp_path) if mode == "verify-full" else {"DB_SSLMODE": mode}
        with pytest.raises(StoreUnavailable, match="refuses SSL"):
            Store(database_with(postgres, **asked)).find(1)
    finally:
        _set_tls(postgres, "on" if (postgres.folder / "data/server.key").exists() else "off")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DB_SSLMODE": "prefer"}, "DB_SSLMODE must be one of disable, require, verify-full, not 'prefer'"),
        ({"DB_SSLMODE": "verify-full"}, "DB_SSLROOTCERT is not set"),
        ({"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": "/none"}, "DB_SSLROOTCERT '/none' cannot be used: .*No such"),
        ({"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": __file__}, "cannot be used: "),
        ({"DB_SSLMODE": "require", "DB_SSLROOTCERT": "x"}, "is read only with DB_SSLMODE=verify-full, not require"),
    ],
)
def test_a_wrong_setting_is_a_sentence(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.from_env({"DB_PASSWORD": "x", **wrong})
