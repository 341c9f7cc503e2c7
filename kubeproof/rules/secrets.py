"""Secrets stand in no variable, argument or ConfigMap, where everybody who reads the manifests reads them."""

import re
from collections.abc import Iterator

from kubeproof.manifests.containers import Container
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, titled

# Names that end in what is kept secret; PASSWORD_FILE or TOKEN_TTL are not such.
_SECRET_NAME = re.compile(
    r"(?:.*[_.-])?(password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)s?", re.I
)


# MYSQL_ALLOW_EMPTY_PASSWORD=yes tells nobody anything.
_NO_SECRETS = ("", "true", "false", "yes", "no", "0", "1")


_SECRET_TEXT = (
    (re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@$]+@", re.I), "a URL with a password in it"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
)


_SECRET_FLAG = re.compile(r"--?[\w-]*(password|passwd|secret|token|api-?key)=[^$\s].*", re.I)


def examine_secrets_by_reference(system: System, profile: Profile) -> Iterator[Finding]:
    """Every variable, argument and ConfigMap."""
    del profile
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        for container in workload.all_containers:
            looked_at = [(workload.path(place), what) for place, what in _texts(container)]
            yield from _told(subject, looked_at, workload.path(container.place))
    for config in system.configs:
        if config.kind == "ConfigMap":
            found = [(f'data["{key}"]', _exposed(key, text)) for key, text in config.texts]
            yield from _told(titled(system, "ConfigMap", config), found, "data")


def _texts(container: Container) -> Iterator[tuple[str, str | None]]:
    """Every place of a container where a secret could stand in the open, and what secret does."""
    for variable in container.variables:
        if variable.value is not None:
            yield variable.place, _exposed(variable.name, variable.value)
    for field, texts in (("command", container.command), ("args", container.arguments)):
        for n, text in enumerate(texts):
            yield f"{container.place}.{field}[{n}]", _flagged(text)


def _told(subject: str, looked_at: list[tuple[str, str | None]], whole: str) -> Iterator[Finding]:
    for field, what in looked_at:
        if what:
            yield broken(subject, field, what, "a reference to a Secret", "move it to a Secret and name its key here")
    if not any(what for _, what in looked_at):
        yield holds(subject, whole, f"{len(looked_at)} texts without a secret", "secrets by reference only")


def _exposed(name: str, text: str) -> str | None:
    """What secret stands in the open here, or None; never the secret itself."""
    told = text.strip().lower()
    if _SECRET_NAME.fullmatch(name) and told not in _NO_SECRETS and not told.startswith(("/", "$(")):
        return f"{name} with its value"
    return next((what for pattern, what in _SECRET_TEXT if pattern.search(text)), None)


def _flagged(text: str) -> str | None:
    if _SECRET_FLAG.fullmatch(text):
        return f"{text.partition('=')[0]} with its value"
    return next((what for pattern, what in _SECRET_TEXT if pattern.search(text)), None)


SECRETS_BY_REFERENCE = Rule(
    name="static.secrets-by-reference",
    law="no secret stands in a variable, an argument or a ConfigMap",
    source="kubernetes.io, Good practices for Kubernetes Secrets",
    examine=examine_secrets_by_reference,
    nothing="there is no pod and no ConfigMap",
)
