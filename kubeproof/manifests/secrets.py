"""
What the Secrets of manifests hold, kept out of all that is written down or said.

Hidden is a value as a whole, each of its lines, and the password of a URL in it, plain and as it looks inside of JSON,
of a URL and of base64. Not hidden is what is shorter than eight characters, since it stands in too much that is
innocent, and what is part of a name in the manifests: evidence in which pods have no names proves nothing.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from kubeproof.manifests.documents import Document, flat

LEAST = 8  # characters of the shortest value that is looked for: NIST SP 800-63B takes no shorter password
HIDDEN = "[redacted]"
NO_BASE64 = "*redacted*"  # in place of what is none either: the rules say the same of it
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Fields whose text is a name, and those that hold nothing but names.
_NAME = re.compile(r"(.*name|namespace|kind|image|host|path)s?", re.I)
_NAMES = frozenset({"labels", "matchLabels", "selector"})

Hide = Callable[[Any], Any]


def hiding(documents: Iterable[Document]) -> Hide:
    """What takes the values of the manifests' Secrets out of a text, or out of every text in lists and mappings."""
    objects = list(flat(documents))
    names = "\n".join(set(_names(without_secrets(objects))))
    values = {part for value in _values(objects) for part in _parts(value)}
    forms = {form for part in values if part.decode("utf-8", "replace") not in names for form in _forms(part)}
    told = sorted((form for form in forms if len(form) >= LEAST and form not in names), key=len, reverse=True)
    if not told:
        return lambda value: value
    pattern = re.compile("|".join(map(re.escape, told)))

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(HIDDEN, value)
        if isinstance(value, Mapping):
            return {hide(key): hide(inner) for key, inner in value.items()}
        return [hide(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    return hide


def without_secrets(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """The objects with other values in their Secrets, of the same shape, so that every rule says the same of them."""
    return [_emptied(document) if document["kind"] == "Secret" else dict(document) for document in flat(documents)]


def _emptied(secret: Document) -> dict[str, Any]:
    metadata = secret.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    emptied = {
        field: _other(value, is_data=field == "data") if field in ("data", "stringData") else value
        for field, value in secret.items()
    }
    # What kubectl keeps here is the whole object as it was applied, as JSON.
    if isinstance(annotations, Mapping) and annotations.get(_LAST_APPLIED):
        emptied["metadata"] = {**secret["metadata"], "annotations": {**annotations, _LAST_APPLIED: "{}"}}
    return emptied


def _other(value: Any, *, is_data: bool) -> Any:
    """Something of the same type in place of a value: empty stays empty, base64 base64."""
    if isinstance(value, Mapping):
        return {key: _other(inner, is_data=is_data) for key, inner in value.items()}
    if isinstance(value, list):
        return [_other(inner, is_data=is_data) for inner in value]
    if isinstance(value, str) and value:
        return HIDDEN if not is_data else NO_BASE64 if _decoded(value) is None else _base64(HIDDEN.encode())
    return 0 if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _values(objects: Iterable[Document]) -> Iterator[bytes]:
    for secret in objects:
        if secret["kind"] != "Secret":
            continue
        for field in ("data", "stringData"):
            held = secret.get(field)
            for value in held.values() if isinstance(held, Mapping) else ():
                decoded = _decoded(str(value)) if field == "data" else None
                yield str(value).encode() if decoded is None else decoded


def _parts(value: bytes) -> Iterator[bytes]:
    """The value, and what of it may be told alone; the frame of a key in PEM is nobody's secret."""
    yield value.strip()
    text = value.decode("utf-8", "replace")
    yield from (line.strip().encode() for line in text.splitlines() if not line.startswith("-----"))
    for url in re.findall(r"[a-z][a-z0-9+.-]*://[^\s'\"]+", text, re.I):
        try:
            yield (urlsplit(url).password or "").encode()
        except ValueError:
            continue  # no URL after all


def _forms(value: bytes) -> Iterator[str]:
    """A value as it looks in a text, inside of JSON, in a URL, and in base64, wherever there it begins."""
    if len(value) < LEAST:
        return
    for before in range(3):
        # Of the first and the last character, parts of it may belong to what stands beside it.
        encoded = _base64(bytes(before) + value)[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    yield from (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], quote(text), quote(text, ""))


def _names(value: Any, *, is_name: bool = False) -> Iterator[str]:
    """Every key in the manifests, and every text that names something."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            names = is_name or key in _NAMES or (not isinstance(inner, Mapping) and bool(_NAME.fullmatch(str(key))))
            yield from _names(inner, is_name=names)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner, is_name=is_name and not isinstance(inner, Mapping))
    elif is_name and isinstance(value, str):
        yield value


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
