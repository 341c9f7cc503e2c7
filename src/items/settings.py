"""What the items service is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.settings import Mode, mode, port, text


@dataclass(frozen=True)
class Database:
    """Where the database is and how to enter. The password never shows."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """All settings of this service."""

    mode: Mode
    port: int
    database: Database

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
            ),
        )
