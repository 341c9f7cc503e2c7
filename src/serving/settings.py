"""Variables of the environment, read once and checked: a wrong value is one clear sentence."""

import re
from collections.abc import Collection, Mapping
from enum import Enum
from urllib.parse import urlsplit

DAY = 86_400  # seconds


class SettingsError(Exception):
    """A variable is missing or wrong; the text says which one, what it must be, and what it was."""


class Mode(Enum):
    """What FLASK_ENV selects: JSON log lines for machines, or text for a person."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


def text(env: Mapping[str, str], name: str, default: str | None = None) -> str:
    """Give the non-empty value of a variable, or its default; without one, raise SettingsError."""
    value = env.get(name, default)
    if value is None:
        raise SettingsError(f"{name} is not set")
    if not value.strip():
        raise SettingsError(f"{name} must not be empty")
    return value


def port(env: Mapping[str, str], name: str, default: int) -> int:
    """Give a TCP port between 1 and 65535."""
    value = env.get(name, str(default))
    if value.startswith("tcp://"):
        # Kubernetes sets <SERVICE>_PORT=tcp://... in every pod whose manifest does not set it.
        raise SettingsError(
            f"{name} is {value!r}, a Kubernetes service link: set it in the manifest, or enableServiceLinks: false"
        )
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and 1 <= int(value) <= 65535):
        raise SettingsError(f"{name} must be a port between 1 and 65535, not {value!r}")
    return int(value)


def number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Give a whole number within bounds."""
    value = env.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) <= 18 and least <= int(value) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def seconds(env: Mapping[str, str], name: str, default: float) -> float:
    """Give a length of time in seconds, not negative, at most a day; a fraction is allowed."""
    value = env.get(name, str(default))
    if not (re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", value, re.ASCII) and float(value) <= DAY):
        raise SettingsError(f"{name} must be seconds from 0 to {DAY}, such as 30 or 0.5, not {value!r}")
    return float(value)


def choice(env: Mapping[str, str], name: str, default: str, among: Collection[str]) -> str:
    """Give one of the words that a variable may have."""
    value = env.get(name, default)
    if value not in among:
        raise SettingsError(f"{name} must be one of {', '.join(among)}, not {value!r}")
    return value


def mode(env: Mapping[str, str]) -> Mode:
    """Give the mode that FLASK_ENV names; production when it is not set."""
    value = env.get("FLASK_ENV", Mode.PRODUCTION.value)
    try:
        return Mode(value)
    except ValueError:
        raise SettingsError(f"FLASK_ENV must be production or development, not {value!r}") from None


def http_url(env: Mapping[str, str], name: str, default: str) -> str:
    """Give an http:// or https:// URL with a host, without the slash at its end."""
    value = env.get(name, default)
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        good = False
    if not good:
        raise SettingsError(f"{name} must be a URL like http://host:port, not {value!r}")
    if parts.username or parts.query or parts.fragment:
        # The value is not repeated here: it may hold a password.
        raise SettingsError(f"{name} must not hold a user, a query or a fragment")
    return value.rstrip("/")
