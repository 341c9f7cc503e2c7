"""DB_SSLMODE, against a PostgreSQL that speaks TLS and one that does not."""

import datetime
import ipaddress
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from children.postgres import PostgresChild
from items.connection import FOR_REQUESTS, connect, hang_up
from items.errors import StoreUnavailable
from items.settings import Database, Settings
from items.store import Store
from serving.settings import SettingsError


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _certificate(name, key, issuer=name, signed_by=key, ca=True))

    def issue(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        """Give a certificate of a server that is reached as `name`."""
        issuer = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return _certificate(name, key, issuer=str(issuer), signed_by=self.key, ca=False)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, *, issuer: str, signed_by: ec.EllipticCurvePrivateKey, ca: bool
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    try:
        reached_as: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        reached_as = x509.DNSName(name)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([reached_as]), critical=False)
        .sign(signed_by, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who signed the server's certificate."""
    return Authority.new("the authority")


@pytest.fixture(scope="module")
def speaking_tls(postgres: PostgresChild, authority: Authority) -> Iterator[PostgresChild]:
    """The database, with TLS and a certificate for 127.0.0.1; without again afterwards."""
    data = postgres.folder / "data"
    key = ec.generate_private_key(ec.SECP256R1())
    secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    for name, content in {
        "server.key": key.private_bytes(serialization.Encoding.PEM, *secret),
        "server.crt": _pem(authority.issue("127.0.0.1", key)),
    }.items():
        (data / name).write_bytes(content)
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


def trusting(authority: Authority, folder: Path) -> dict[str, str]:
    """The variables of who trusts an authority, and asks for its word."""
    root = folder / "root.crt"
    root.write_bytes(_pem(authority.certificate))
    return {"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": str(root)}


def uses_tls(database: Database) -> bool:
    line = connect(database, FOR_REQUESTS)
    [[encrypted]] = line.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    hang_up(line)
    return bool(encrypted)


def test_each_mode_does_what_it_says(speaking_tls: PostgresChild, authority: Authority, tmp_path: Path) -> None:
    assert not uses_tls(database_with(speaking_tls))
    assert not uses_tls(database_with(speaking_tls, DB_SSLMODE="disable"))
    assert uses_tls(database_with(speaking_tls, DB_SSLMODE="require"))
    assert uses_tls(database_with(speaking_tls, **trusting(authority, tmp_path)))


@pytest.mark.usefixtures("empty_table")
def test_the_store_works_over_tls_and_keeps_its_connection(
    speaking_tls: PostgresChild, authority: Authority, tmp_path: Path
) -> None:
    store = Store(database_with(speaking_tls, **trusting(authority, tmp_path)))
    large = "x" * 300_000
    added = store.add("lamp", large)
    assert [store.find(added.id) for _ in range(3)] == [added.item] * 3
    assert store.counts().opened == 1
    store.close()


def test_a_server_signed_by_somebody_else_is_refused(speaking_tls: PostgresChild, tmp_path: Path) -> None:
    stranger = Authority.new("the authority")  # of the same name
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        Store(database_with(speaking_tls, **trusting(stranger, tmp_path))).find(1)


def test_a_server_of_another_name_is_refused(speaking_tls: PostgresChild, authority: Authority, tmp_path: Path) -> None:
    elsewhere = replace(database_with(speaking_tls, **trusting(authority, tmp_path)), host="localhost")
    with pytest.raises(StoreUnavailable, match="not valid for 'localhost'"):
        Store(elsewhere).find(1)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused_not_spoken_to_in_the_clear(
    postgres: PostgresChild, authority: Authority, tmp_path: Path, mode: str
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
