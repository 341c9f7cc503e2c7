"""
The JSON schema of what a reader of tables asks for.

A Recorder is asked the same questions as a Table and answers with a stand-in: what the reader asks is the schema, so
that neither can say what the other does not.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kubeproof.profile.tables import Amount, Table

T = TypeVar("T")
Schema = dict[str, Any]


class Recorder(Table):
    """A table that has every field, and writes down what it was asked: `schema` is a JSON schema of it."""

    def __init__(self) -> None:
        super().__init__("", "", {})
        self.schema: Schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

    def _note(self, field: str, says: str, schema: Schema, *, required: bool) -> None:
        self.schema["properties"][field] = {**schema, "description": says}
        if required:
            self.schema["required"].append(field)

    def text(self, field: str, says: str, default: str | None = None) -> str:
        schema: Schema = {"type": "string", "minLength": 1}
        self._note(field, says, schema if default is None else {**schema, "default": default}, required=default is None)
        return field

    def maybe_text(self, field: str, says: str) -> str | None:
        self._note(field, says, {"type": "string", "minLength": 1}, required=False)
        return field

    def texts(self, field: str, says: str) -> tuple[str, ...]:
        self._note(field, says, {"type": "array", "items": {"type": "string", "minLength": 1}}, required=False)
        return ()

    def one_of(self, field: str, options: tuple[str, ...], says: str) -> str:
        self._note(field, says, {"enum": list(options)}, required=True)
        return options[0]

    def choice(self, field: str, options: tuple[str, ...], says: str) -> str | None:
        self._note(field, says, {"enum": list(options)}, required=False)
        return options[0]

    def whole(self, field: str, says: str, default: int | None = None, least: int = 0) -> int:
        schema: Schema = {"type": "integer", "minimum": least}
        self._note(field, says, schema if default is None else {**schema, "default": default}, required=default is None)
        return least

    def maybe_whole(self, field: str, says: str) -> int | None:
        self._note(field, says, {"type": "integer", "minimum": 0}, required=False)
        return 0

    def seconds(self, field: str, says: str) -> float:
        self._note(field, says, {"type": "number", "exclusiveMinimum": 0}, required=True)
        return 1.0

    def maybe_seconds(self, field: str, says: str) -> float | None:
        self._note(field, says, {"type": "number", "exclusiveMinimum": 0}, required=False)
        return 1.0

    def share(self, field: str, says: str) -> float:
        self._note(field, says, {"type": "number", "minimum": 0, "exclusiveMaximum": 1}, required=True)
        return 0.0

    def amount(self, field: str, says: str) -> Amount:
        variable = {"env": {"type": "string", "minLength": 1, "description": "the variable that holds the number"}}
        either = [
            {"type": "number", "minimum": 0},
            {"type": "object", "properties": variable, "required": ["env"], "additionalProperties": False},
        ]
        self._note(field, says, {"oneOf": either}, required=True)
        return Amount(0.0)

    def mapping(self, field: str, says: str) -> Mapping[str, Any] | None:
        self._note(field, says, {"type": "object"}, required=False)
        return None

    def any(self, field: str, says: str) -> Any:
        self._note(field, says, {}, required=False)

    def table(self, field: str, says: str) -> Table:
        inner = Recorder()
        inner.schema["description"] = says
        # The very schema and no copy: the reader fills it after this.
        self.schema["properties"][field] = inner.schema
        self.schema["required"].append(field)
        return inner

    def maybe(self, field: str, read: Callable[[Table], T], says: str) -> T | None:
        found = read(self.table(field, says))
        self.schema["required"].remove(field)
        return found

    def each(self, field: str, read: Callable[[Table], T], says: str) -> tuple[T, ...]:
        inner = Recorder()
        found = read(inner)
        self._note(field, says, {"type": "array", "items": inner.schema}, required=False)
        return (found,)

    def refuse_unknown(self) -> None:
        """Nothing is unknown here."""
