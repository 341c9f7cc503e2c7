"""What the items service is told by its environment."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.settings import Mode, SettingsError, choice, mode, number, port, seconds, text

POOL = 6  # connections: as many as requests are let in at once (serving.bulkhead.PERMITS)
MAX_POOL = 11
"""Of one pod. With its checker, times the 8 pods there may be (5, one surge, two ending), below max_connections 100."""

SSL_MODES = ("disable", "require", "verify-full")


@dataclass(frozen=True)
class Database:
    """Where the database is and how to enter. The password never shows."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    """None: no TLS. On purpose nothing between: TLS that falls back to none in silence protects nobody."""


@dataclass(frozen=True)
class Settings:
    """All settings of this service."""

    mode: Mode
    port: int
    database: Database
    pool: int
    ready_grace: float
    """Seconds for which the service calls itself ready without its database."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read and check every variable; raises SettingsError."""
        return cls(
            mode=mode(env),
            port=port(env, "PORT", 5000),
            database=Database(
                host=text(env, "DB_HOST", "postgres"),
                port=port(env, "DB_PORT", 5432),
                name=text(env, "DB_NAME", "microservices_db"),
                user=text(env, "DB_USER", "postgres"),
                password=text(env, "DB_PASSWORD"),
                tls=_tls(env),
            ),
            pool=number(env, "DB_POOL", POOL, least=1, most=MAX_POOL),
            ready_grace=seconds(env, "READY_DB_GRACE", 30.0),
        )


def _tls(env: Mapping[str, str]) -> ssl.SSLContext | None:
    """Give the TLS that DB_SSLMODE asks for, in libpq's words; verify-full reads DB_SSLROOTCERT."""
    asked, root = choice(env, "DB_SSLMODE", "disable", SSL_MODES), env.get("DB_SSLROOTCERT")
    if asked != "verify-full":
        if root is not None:
            raise SettingsError(f"DB_SSLROOTCERT is read only with DB_SSLMODE=verify-full, not {asked}")
        return _unverified() if asked == "require" else None
    try:
        return ssl.create_default_context(cafile=text(env, "DB_SSLROOTCERT"))
    except OSError as error:  # an SSLError is one
        raise SettingsError(f"DB_SSLROOTCERT {root!r} cannot be used: {error}") from error


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
