"""The fields of kubeproof.toml as a Markdown table, from its JSON schema: what docs/profile.md is made of."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

HEAD = """\
# kubeproof.toml, field by field

What the architecture says of a system, independent of its manifests. An unknown field, a missing one and one of the
wrong type are refused with their place. Editors that read `#:schema` check it while it is typed, by
`kubeproof/profile/schema.json`.

*Number, or a variable*: the number itself, or `{ env = "NAME" }`. It is then read from that variable of the workload's
containers, so that what a manifest says is not typed again.

This page and the schema are made from the reader: `kubeproof profile --write`.
"""


def profile_document(schema: Schema) -> str:
    """The page for a schema: the plain fields, then each table under its own heading."""
    sections = [_section(schema), *_tables("", schema)]
    return "\n".join([HEAD, *sections])


def _tables(prefix: str, schema: Schema) -> Iterator[str]:
    for name, field in schema["properties"].items():
        inner, path, meaning = _inner(field), f"{prefix}{name}", str(field["description"])
        if inner is not None:
            brackets = f"[[{path}]]" if field.get("type") == "array" else f"[{path}]"
            yield f"## `{brackets}`\n\n{meaning[0].upper()}{meaning[1:]}.\n\n{_section(inner)}"
            yield from _tables(f"{path}.", inner)


def _inner(field: Schema) -> Schema | None:
    """The schema of a table or of the tables of a list; None when the field is neither."""
    inner = field.get("items", field)
    return inner if "properties" in inner else None


def _section(schema: Schema) -> str:
    rows = [
        f"| `{name}` | {_kind(field)} | {'yes' if name in schema['required'] else ''} | {field['description']} |"
        for name, field in schema["properties"].items()
    ]
    return "\n".join(["| field | value | required | what it says |", "|---|---|---|---|", *rows, ""])


def _kind(field: Schema) -> str:
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "oneOf" in field:
        return "number, or a variable"
    kind = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "object": "table",
        "array": {"object": "tables", "integer": "whole numbers"}.get(field.get("items", {}).get("type", ""), "texts"),
    }.get(field.get("type", ""), "anything")
    return f"{kind}, else `{field['default']}`" if "default" in field else kind
