"""
kubeproof.toml into a Profile.

Every field is checked for presence and type, and an unknown field is refused: a promise with a typing error
in its name would otherwise be a promise that nobody checks. Raises ProfileError(path, field, says).
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from conformance.declared.intent import (
    Backup,
    Depend,
    Entry,
    Image,
    Journey,
    Load,
    Persist,
    Profile,
    Rollout,
    Scale,
    Step,
    Talk,
)

T = TypeVar("T")
_MISSING = object()


class ProfileError(ValueError):
    """A profile that cannot be used: the file, the field in it, and what is wrong."""

    def __init__(self, path: Path | str, field: str, says: str) -> None:
        super().__init__(f"{path}: {field}: {says}" if field else f"{path}: {says}")
        self.path, self.field, self.says = path, field, says


def read_profile(path: Path | str) -> Profile:
    """Read the profile at `path`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(path, "", f"cannot be read: {error}") from error
    return parse_profile(text, path)


def parse_profile(text: str, path: Path | str) -> Profile:
    """Read a profile from its text; `path` is for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path, "", f"is not TOML: {error}") from error
    table = _Table(path, "", raw)
    profile = Profile(
        system=table.text("system"),
        namespace=table.text("namespace"),
        overlays=tuple((k, str(v)) for k, v in table.mapping("overlays", {}).items()),
        images=table.each("images", _image),
        talks=table.each("talks", lambda t: Talk(t.text("source"), t.text("target"))),
        depends=table.each("depends", _depend),
        entries=table.each("entries", _entry),
        journeys=table.each("journeys", _journey),
        persists=table.each("persists", _persist),
        backups=table.each("backups", _backup),
        scales=table.each("scales", _scale),
        rollout=_rollout(table),
    )
    table.refuse_unknown()
    _refuse_dangling(profile, path)
    return profile


class _Table:
    """A TOML table that remembers which of its fields were read, and knows its place for messages."""

    def __init__(self, path: Path | str, place: str, raw: object) -> None:
        if not isinstance(raw, dict):
            raise ProfileError(path, place, f"must be a table, is {raw!r}")
        self.path, self.place, self.raw = path, place, raw
        self.known: set[str] = set()

    def error(self, field: str, says: str) -> ProfileError:
        return ProfileError(self.path, f"{self.place}.{field}".lstrip("."), says)

    def _value(self, field: str, kinds: tuple[type, ...], wanted: str, default: Any) -> Any:
        self.known.add(field)
        value = self.raw.get(field, default)
        if value is _MISSING:
            raise self.error(field, "is missing")
        if value is not default and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise self.error(field, f"must be {wanted}, is {value!r}")
        return value

    def text(self, field: str) -> str:
        value = self._value(field, (str,), "a text", _MISSING)
        if not value.strip():
            raise self.error(field, "must not be empty")
        return str(value)

    def maybe_text(self, field: str) -> str | None:
        self.known.add(field)
        return self.text(field) if field in self.raw else None

    def whole(self, field: str, default: Any = _MISSING) -> int:
        value = int(self._value(field, (int,), "a whole number", default))
        if value < 0:
            raise self.error(field, f"must not be negative, is {value}")
        return value

    def seconds(self, field: str) -> float:
        value = float(self._value(field, (int, float), "a number of seconds", _MISSING))
        if not 0 < value < float("inf"):
            raise self.error(field, f"must be more than 0 seconds, is {value}")
        return value

    def mapping(self, field: str, default: Any = None) -> Any:
        return self._value(field, (dict,), "a table", default)

    def any(self, field: str) -> Any:
        self.known.add(field)
        return self.raw.get(field)

    def table(self, field: str) -> "_Table":
        raw = self._value(field, (dict,), "a table", _MISSING)
        return _Table(self.path, f"{self.place}.{field}".lstrip("."), raw)

    def each(self, field: str, read: "Callable[[_Table], T]") -> tuple[T, ...]:
        found = []
        for index, raw in enumerate(self._value(field, (list,), "a list of tables", [])):
            table = _Table(self.path, f"{self.place}.{field}[{index}]".lstrip("."), raw)
            found.append(read(table))
            table.refuse_unknown()
        return tuple(found)

    def refuse_unknown(self) -> None:
        for field in self.raw:
            if field not in self.known:
                raise self.error(field, f"is not a field here; known: {', '.join(sorted(self.known))}")


def _image(t: _Table) -> Image:
    return Image(t.text("name"), t.text("dockerfile"), t.maybe_text("group"), t.text("base"))


def _depend(t: _Table) -> Depend:
    return Depend(t.text("workload"), t.text("database"), t.seconds("within"))


def _entry(t: _Table) -> Entry:
    return Entry(t.text("workload"), t.text("service"), t.text("path"), t.whole("expect"))


def _persist(t: _Table) -> Persist:
    return Persist(t.text("workload"), t.text("write"), t.text("read"))


def _backup(t: _Table) -> Backup:
    return Backup(
        workload=t.text("workload"),
        backup=t.text("backup"),
        restore=t.text("restore"),
        within=t.seconds("within"),
        write=t.text("write"),
        read=t.text("read"),
    )


def _journey(t: _Table) -> Journey:
    journey = Journey(t.text("name"), t.each("steps", _step))
    if not journey.steps:
        raise t.error("steps", "a journey without steps proves nothing")
    return journey


def _step(t: _Table) -> Step:
    save: Mapping[str, Any] = t.mapping("save", {})
    return Step(
        method=t.text("method"),
        service=t.text("service"),
        path=t.text("path"),
        expect=t.whole("expect"),
        body=t.any("body"),
        save=tuple((name, str(key)) for name, key in save.items()),
        contains=t.mapping("contains"),
        lists=t.mapping("lists"),
    )


def _scale(t: _Table) -> Scale:
    load = t.table("load")
    scale = Scale(
        workload=t.text("workload"),
        minimum=t.whole("minimum"),
        maximum=t.whole("maximum"),
        target=t.whole("target"),
        within=t.seconds("within"),
        load=Load(load.text("service"), load.text("path"), load.whole("users")),
    )
    load.refuse_unknown()
    if not scale.minimum < scale.target <= scale.maximum:
        raise t.error("target", f"{scale.target} must be above minimum {scale.minimum}, within {scale.maximum}")
    return scale


def _rollout(table: _Table) -> Rollout:
    if "rollout" not in table.raw:
        return Rollout()
    inner = table.table("rollout")
    rollout = Rollout(inner.whole("minimum_requests", 500))
    inner.refuse_unknown()
    if rollout.minimum_requests < 1:
        raise inner.error("minimum_requests", "must be at least 1: a rollout without requests proves nothing")
    return rollout


def _refuse_dangling(profile: Profile, path: Path | str) -> None:
    """A journey named twice, or named by a promise and not there, would be judged as something else."""
    names = [journey.name for journey in profile.journeys]
    for name in names:
        if names.count(name) > 1:
            raise ProfileError(path, "journeys", f"{name!r} is there {names.count(name)} times")
    promises: dict[str, tuple[Persist | Backup, ...]] = {"persists": profile.persists, "backups": profile.backups}
    for table, made in promises.items():
        for index, promise in enumerate(made):
            for field, name in (("write", promise.write), ("read", promise.read)):
                if name not in names:
                    raise ProfileError(path, f"{table}[{index}].{field}", f"no journey is named {name!r}")
