"""
Tables of a TOML file, read field by field: presence and type of each are checked, and unknown ones are refused.

Each field is asked for with a description: `json_schema` makes the schema for editors of them, and docs/profile.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kubeproof.manifests.labels import Labels

T = TypeVar("T")
_MISSING = object()


class ProfileError(ValueError):
    """A profile that cannot be used: the file, the field in it, and what is wrong."""

    def __init__(self, path: Path | str, field: str, problem: str) -> None:
        super().__init__(f"{path}: {field}: {problem}" if field else f"{path}: {problem}")
        self.path, self.field, self.problem = path, field, problem


@dataclass(frozen=True)
class Amount:
    """A number of seconds or connections: typed here, or read from a variable of the workload's containers."""

    value: float | None = None
    variable: str | None = None

    def __str__(self) -> str:
        return f"variable {self.variable}" if self.variable else f"{self.value:g}"


class Table:
    """A TOML table that remembers which of its fields were read, and knows its place for messages."""

    def __init__(self, path: Path | str, place: str, raw: object) -> None:
        if not isinstance(raw, dict):
            raise ProfileError(path, place, f"must be a table, is {raw!r}")
        self.path, self.place, self.raw = path, place, raw
        self.known: set[str] = set()

    def error(self, field: str, problem: str) -> ProfileError:
        """The error about a field of this table."""
        return ProfileError(self.path, f"{self.place}.{field}".lstrip("."), problem)

    def _value(self, field: str, kinds: tuple[type, ...], wanted: str, default: Any = _MISSING) -> Any:
        self.known.add(field)
        value = self.raw.get(field, default)
        if value is _MISSING:
            raise self.error(field, "is missing")
        if value is not default and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise self.error(field, f"must be {wanted}, is {value!r}")
        return value

    def _has(self, field: str) -> bool:
        self.known.add(field)
        return field in self.raw

    def text(self, field: str, description: str, default: str | None = None) -> str:
        """A text that is not empty."""
        del description
        value = self._value(field, (str,), "a text", _MISSING if default is None else default)
        if not value.strip():
            raise self.error(field, "must not be empty")
        return str(value)

    def maybe_text(self, field: str, description: str) -> str | None:
        """A text, or None when it is not there."""
        return self.text(field, description) if self._has(field) else None

    def texts(self, field: str, description: str) -> tuple[str, ...]:
        """A list of texts, empty when it is not there."""
        del description
        value = self._value(field, (list,), "a list of texts", [])
        if not all(isinstance(text, str) and text.strip() for text in value):
            raise self.error(field, f"must be a list of texts, is {value!r}")
        return tuple(value)

    def wholes(self, field: str, description: str) -> tuple[int, ...]:
        """A list of whole numbers from 0, empty when it is not there."""
        del description
        value = self._value(field, (list,), "a list of whole numbers", [])
        if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in value):
            raise self.error(field, f"must be a list of whole numbers, is {value!r}")
        return tuple(value)

    def one_of(self, field: str, options: tuple[str, ...], description: str) -> str:
        """One of these texts."""
        value = self.text(field, description)
        if value not in options:
            raise self.error(field, f"must be one of {', '.join(options)}, is {value!r}")
        return value

    def choice(self, field: str, options: tuple[str, ...], description: str) -> str | None:
        """One of these texts, or None when it is not there."""
        return self.one_of(field, options, description) if self._has(field) else None

    def whole(self, field: str, description: str, default: int | None = None, least: int = 0) -> int:
        """A whole number of at least `least`."""
        del description
        value = int(self._value(field, (int,), "a whole number", _MISSING if default is None else default))
        if value < least:
            words = "must not be negative" if least == 0 else f"must be at least {least}"
            raise self.error(field, f"{words}, is {value}")
        return value

    def maybe_whole(self, field: str, description: str) -> int | None:
        """A whole number from 0, or None when it is not there."""
        return self.whole(field, description) if self._has(field) else None

    def seconds(self, field: str, description: str) -> float:
        """A number of seconds above 0."""
        del description
        value = float(self._value(field, (int, float), "a number of seconds"))
        if not 0 < value < float("inf"):
            raise self.error(field, f"must be more than 0 seconds, is {value}")
        return value

    def maybe_seconds(self, field: str, description: str) -> float | None:
        """A number of seconds above 0, or None when it is not there."""
        return self.seconds(field, description) if self._has(field) else None

    def share(self, field: str, description: str, default: float | None = None) -> float:
        """A number from 0 to below 1."""
        del description
        value = float(self._value(field, (int, float), "a share from 0 to 1", _MISSING if default is None else default))
        if not 0 <= value < 1:
            raise self.error(field, f"must be a share from 0 to below 1, is {value}")
        return value

    def amount(self, field: str, description: str) -> Amount:
        """A number from 0, or `{ env = NAME }`: the number in that variable of the workload's containers."""
        value = self._value(field, (int, float, dict), "a number, or { env = NAME }")
        if isinstance(value, dict):
            inner = self.table(field, description)
            amount = Amount(variable=inner.text("env", "the variable that holds the number"))
            inner.refuse_unknown()
            return amount
        if not 0 <= value < float("inf"):
            raise self.error(field, f"must not be negative, is {value}")
        return Amount(float(value))

    def mapping(self, field: str, description: str) -> Mapping[str, Any] | None:
        """A table of any fields, or None when it is not there."""
        del description
        found: Mapping[str, Any] | None = self._value(field, (dict,), "a table", None)
        return found

    def pairs(self, field: str, description: str) -> Labels:
        """A table of texts as sorted pairs, empty when it is not there."""
        found = self.mapping(field, description) or {}
        for name, value in found.items():
            if not isinstance(value, str):
                raise self.error(f"{field}.{name}", f"must be a text, is {value!r}")
        return tuple(sorted(found.items()))

    def any(self, field: str, description: str) -> Any:
        """Any value, None when it is not there."""
        del description
        return self.raw.get(field) if self._has(field) else None

    def table(self, field: str, description: str) -> "Table":
        """A table; the reader refuses what it does not know in it."""
        del description
        raw = self._value(field, (dict,), "a table")
        return Table(self.path, f"{self.place}.{field}".lstrip("."), raw)

    def maybe(self, field: str, read: "Callable[[Table], T]", description: str) -> T | None:
        """A table read by `read`, or None when it is not there."""
        if not self._has(field):
            return None
        inner = self.table(field, description)
        found = read(inner)
        inner.refuse_unknown()
        return found

    def tables(self, field: str, read: "Callable[[Table], T]", description: str) -> tuple[T, ...]:
        """A list of tables, each read by `read`; empty when it is not there."""
        del description
        found = []
        for index, raw in enumerate(self._value(field, (list,), "a list of tables", [])):
            table = Table(self.path, f"{self.place}.{field}[{index}]".lstrip("."), raw)
            found.append(read(table))
            table.refuse_unknown()
        return tuple(found)

    def refuse_unknown(self) -> None:
        """Raise on the first field that nobody read."""
        for field in self.raw:
            if field not in self.known:
                raise self.error(field, f"is not a field here; known: {', '.join(sorted(self.known))}")
