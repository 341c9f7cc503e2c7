"""What the consumer service is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from serving.settings import Mode, http_url, mode, port, text


@dataclass(frozen=True)
class Settings:
    """All settings of this service; `items_url` has no slash at its end."""

    mode: Mode
    port: int
    items_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read and check every variable; raises SettingsError. HOST and PORT count only without URL."""
        if "MICROSERVICE_1_URL" in env:
            default = ""
        else:
            host = text(env, "MICROSERVICE_1_HOST", "microservice-1")
            default = f"http://{host}:{port(env, 'MICROSERVICE_1_PORT', 5000)}"
        return cls(
            mode=mode(env),
            port=port(env, "PORT", 5001),
            items_url=http_url(env, "MICROSERVICE_1_URL", default),
        )
