"""
Objects checked by the OpenAPI schemas of one Kubernetes version, offline: the fields that the API server would refuse.

The schemas are those an API server serves under /openapi/v3, kept in kubernetes.json.gz beside this file and renewed
by `kubeproof schemas`. Strict as the API server is with `--validate=strict`: a field that no schema
knows is refused. What the API server checks in code (the form of names, ranges of numbers) is not in the schemas.
"""

import difflib
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from kubeproof.manifests.documents import without_null

SAVED = Path(__file__).with_name("kubernetes.json.gz")


@dataclass(frozen=True)
class Violation:
    """
    A field that the schema refuses: its path in the object, what stands there, and what must.

    `by_type` when it is of another type, so that no value can be read from it.
    """

    field: str
    found: str
    wanted: str
    by_type: bool = False


@dataclass(frozen=True)
class Kinds:
    """The saved schemas: the Kubernetes version they come from, and the definition of each `apiVersion kind`."""

    version: str
    definition: Mapping[str, str]
    definitions: Mapping[str, Any]

    def versions_of(self, kind: str) -> tuple[str, ...]:
        """The apiVersions that serve a kind; none when no group knows it."""
        return tuple(sorted(served.partition(" ")[0] for served in self.definition if served.endswith(f" {kind}")))

    @property
    def groups(self) -> frozenset[str]:
        """The API groups that Kubernetes itself serves; the core group is the empty text."""
        return frozenset(_group(served.partition(" ")[0]) for served in self.definition)


@cache
def kinds() -> Kinds:
    """The saved schemas, read once."""
    saved = json.loads(gzip.decompress(SAVED.read_bytes()))
    return Kinds(saved["version"], saved["kinds"], saved["definitions"])


def violations(document: Mapping[str, Any]) -> tuple[Violation, ...] | None:
    """
    Every field of an object that its schema refuses; None for a kind that is not Kubernetes' own.

    A kind that its group does not serve, or no longer serves, is a violation of `apiVersion` or `kind`.
    """
    version, kind = str(document.get("apiVersion", "")), str(document.get("kind", ""))
    known = kinds()
    if f"{version} {kind}" in known.definition:
        return tuple(_violation(error) for error in _errors(version, kind, document))
    if not version:
        return (Violation("apiVersion", "nothing", f"one of {', '.join(known.versions_of(kind)) or 'the API'}"),)
    if _is_foreign(_group(version)):
        return None
    served = known.versions_of(kind)
    if served:
        return (Violation("apiVersion", version, f"{' or '.join(served)}: what {known.version} serves for {kind}"),)
    return (Violation("kind", kind, f"a kind of {version} in {known.version}{_near(kind, _kinds_of(version))}"),)


def mistyped(document: Mapping[str, Any]) -> str | None:
    """
    Which field of an object is of another type than its schema says, in words; None when none is.

    One whose version is not served is held against a version that is: it is read all the same.
    """
    version, served = str(document.get("apiVersion", "")), kinds().versions_of(str(document.get("kind")))
    if served and version not in served and not _is_foreign(_group(version)):
        document = {**document, "apiVersion": served[-1]}
    wrong = next((violation for violation in violations(document) or () if violation.by_type), None)
    return f"{wrong.field} is {wrong.found}, wanted {wrong.wanted}" if wrong else None


def _is_foreign(group: str) -> bool:
    """Whether a group is an extension's: those have a domain in their name."""
    return "." in group and group not in kinds().groups


def _group(version: str) -> str:
    return version.rpartition("/")[0]


def _kinds_of(version: str) -> list[str]:
    return [served.partition(" ")[2] for served in kinds().definition if served.startswith(f"{version} ")]


@cache
def _validator(version: str, kind: str) -> Draft202012Validator:
    known = kinds()
    name = known.definition[f"{version} {kind}"]
    return Draft202012Validator({"$ref": f"#/definitions/{name}", "definitions": known.definitions})


def _errors(version: str, kind: str, document: Mapping[str, Any]) -> Iterator[ValidationError]:
    # The API takes null for a field that is not there.
    present = without_null(document)
    for error in sorted(_validator(version, kind).iter_errors(present), key=lambda found: list(map(str, found.path))):
        if error.validator == "additionalProperties":
            yield from (_single(error, name) for name in error.instance if name not in error.schema["properties"])
        elif error.validator == "required":
            name = next(name for name in error.validator_value if error.message.startswith(repr(name)))
            yield _single(error, name)
        else:
            yield error


def _single(error: ValidationError, name: str) -> ValidationError:
    """The error about one field of an object, with that field as the end of its path."""
    copy = ValidationError(error.message, validator=error.validator, instance=error.instance, schema=error.schema)
    copy.path.extend([*error.absolute_path, name])
    return copy


def _violation(error: ValidationError) -> Violation:
    path = field_path(error.absolute_path)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties":
        near = _near(str(error.absolute_path[-1]), schema["properties"])
        return Violation(path, "a field that is not known here", f"a known field{near}")
    if error.validator == "required":
        return Violation(path, "nothing", "a value: the field is required")
    if error.validator == "enum":
        return Violation(path, _short(error.instance), f"one of {', '.join(map(str, schema['enum']))}")
    return Violation(path, _short(error.instance), _types(schema), by_type=True)


def _types(schema: Mapping[str, Any]) -> str:
    types = [option.get("type") for option in schema.get("oneOf", ())] or [schema.get("type")]
    article = {"object": "a mapping", "array": "a list", "integer": "a whole number", "string": "a text"}
    return " or ".join(article.get(str(name), f"a {name}") for name in types)


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def field_path(parts: Any) -> str:
    """A path as it is written in reports: `spec.ports[0].name`, a key with dots in quotes."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif "." in part or "/" in part:
            path += f'["{part}"]'
        else:
            path += f".{part}" if path else part
    return path
