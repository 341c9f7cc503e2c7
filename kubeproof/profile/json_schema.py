"""
The JSON schema of what a reader of tables asks for.

A SchemaTable takes the place of a Table: it gives placeholder values, and writes down every field that the reader asks
for. So neither the reader nor the schema can have a field that the other does not.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kubeproof.profile.tables import Amount, Table

T = TypeVar("T")
Schema = dict[str, Any]


class SchemaTable(Table):
    """A table that has every field, and writes down what it was asked: `schema` is a JSON schema of it."""

    def __init__(self) -> None:
        super().__init__("", "", {})
        self.schema: Schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

    def _note(self, field: str, description: str, schema: Schema, *, required: bool, default: Any = None) -> None:
        known = {} if default is None else {"default": default}
        self.schema["properties"][field] = {**schema, **known, "description": description}
        if required:
            self.schema["required"].append(field)

    def text(self, field: str, description: str, default: str | None = None) -> str:
        schema: Schema = {"type": "string", "minLength": 1}
        self._note(field, description, schema, required=default is None, default=default)
        return field

    def maybe_text(self, field: str, description: str) -> str | None:
        self._note(field, description, {"type": "string", "minLength": 1}, required=False)
        return field

    def texts(self, field: str, description: str) -> tuple[str, ...]:
        self._note(field, description, {"type": "array", "items": {"type": "string", "minLength": 1}}, required=False)
        return ()

    def wholes(self, field: str, description: str) -> tuple[int, ...]:
        self._note(field, description, {"type": "array", "items": {"type": "integer", "minimum": 0}}, required=False)
        return ()

    def one_of(self, field: str, options: tuple[str, ...], description: str) -> str:
        self._note(field, description, {"enum": list(options)}, required=True)
        return options[0]

    def choice(self, field: str, options: tuple[str, ...], description: str) -> str | None:
        self._note(field, description, {"enum": list(options)}, required=False)
        return options[0]

    def whole(self, field: str, description: str, default: int | None = None, least: int = 0) -> int:
        schema: Schema = {"type": "integer", "minimum": least}
        self._note(field, description, schema, required=default is None, default=default)
        return least

    def maybe_whole(self, field: str, description: str) -> int | None:
        self._note(field, description, {"type": "integer", "minimum": 0}, required=False)
        return 0

    def seconds(self, field: str, description: str) -> float:
        self._note(field, description, {"type": "number", "exclusiveMinimum": 0}, required=True)
        return 1.0

    def maybe_seconds(self, field: str, description: str) -> float | None:
        self._note(field, description, {"type": "number", "exclusiveMinimum": 0}, required=False)
        return 1.0

    def share(self, field: str, description: str, default: float | None = None) -> float:
        schema: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
        self._note(field, description, schema, required=default is None, default=default)
        return 0.0

    def amount(self, field: str, description: str) -> Amount:
        variable = {"env": {"type": "string", "minLength": 1, "description": "the variable that holds the number"}}
        either = [
            {"type": "number", "minimum": 0},
            {"type": "object", "properties": variable, "required": ["env"], "additionalProperties": False},
        ]
        self._note(field, description, {"oneOf": either}, required=True)
        return Amount(0.0)

    def mapping(self, field: str, description: str) -> Mapping[str, Any] | None:
        self._note(field, description, {"type": "object"}, required=False)
        return None

    def any(self, field: str, description: str) -> Any:
        self._note(field, description, {}, required=False)

    def table(self, field: str, description: str) -> Table:
        inner = SchemaTable()
        inner.schema["description"] = description
        # The very schema and no copy: the reader fills it after this.
        self.schema["properties"][field] = inner.schema
        self.schema["required"].append(field)
        return inner

    def maybe(self, field: str, read: Callable[[Table], T], description: str) -> T | None:
        found = read(self.table(field, description))
        self.schema["required"].remove(field)
        return found

    def tables(self, field: str, read: Callable[[Table], T], description: str) -> tuple[T, ...]:
        inner = SchemaTable()
        found = read(inner)
        self._note(field, description, {"type": "array", "items": inner.schema}, required=False)
        return (found,)

    def refuse_unknown(self) -> None:
        """Nothing is unknown here."""
