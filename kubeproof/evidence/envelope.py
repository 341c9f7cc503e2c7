"""What every line of an evidence file has around its own fields, and how it is told from a line that was changed."""

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

from kubeproof.evidence.kinds import misfits

EVIDENCE = "evidence.jsonl"  # the file's name in the folder of a run
VERSION = 2
FIELDS = frozenset({"v", "w", "n", "t", "of", "kind", "must", "crc"})
_TYPES: Mapping[str, tuple[type, ...]] = {"w": (str,), "n": (int,), "t": (int, float), "of": (str,), "kind": (str,)}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# Made once: a run has thousands of lines.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_STRICT = json.JSONDecoder(parse_constant=_refuse)


def signed(fields: Mapping[str, Any]) -> str:
    """The text of a line, without its line feed: its JSON with the checksum of all that is in it."""
    return _CANONICAL.encode({**fields, "crc": checksum(fields)})


def checksum(fields: Mapping[str, Any]) -> str:
    """CRC-32 of a line: of its JSON without `crc`, keys sorted, no spaces, ASCII; eight hex digits."""
    body = {name: value for name, value in fields.items() if name != "crc"}
    return f"{zlib.crc32(_CANONICAL.encode(body).encode('ascii')):08x}"


def parse(raw: str) -> dict[str, Any] | str:
    """The fields of a line, or what is wrong with it."""
    try:
        fields = _STRICT.decode(raw)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(fields, dict):
        return "is not a JSON object"
    if fields.get("v") != VERSION:
        return f"is of version {fields.get('v')!r}, this reader knows {VERSION}"
    for name, types in _TYPES.items():
        if not isinstance(fields.get(name), types) or isinstance(fields.get(name), bool):
            return f"field {name} is {fields.get(name)!r}"
    if wrong := next(misfits(fields), None):
        return wrong
    try:
        if not math.isfinite(fields["t"]):
            return f"field t is {fields['t']}"
        crc = checksum(fields)
    except (ValueError, OverflowError, RecursionError):
        return "cannot be checked"
    return fields if fields.get("crc") == crc else f"crc is {fields.get('crc')!r}, should be {crc}"


def version_of(raw: str) -> int | None:
    """The version that a line says it is of, when it is another one."""
    try:
        fields = _STRICT.decode(raw)
    except (ValueError, RecursionError):
        return None
    version = fields.get("v") if isinstance(fields, dict) else None
    return version if isinstance(version, int) and version != VERSION else None
