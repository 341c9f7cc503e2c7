"""The body of a request, read within a bound and decoded; what is wrong with it is a 4xx that says so."""

import json
from typing import Any

from bottle import request

from serving.problem import problem

MAX_BODY = 1024 * 1024
"""Bytes; waitress refuses more before the app is asked."""

MAX_HEADER = 32 * 1024
"""Bytes of the request line and all header lines."""


def read_body() -> bytes:
    """Give the bytes of the current request's body; raises a 413 problem."""
    # Not request.body: it writes what is larger than 100 KiB to a temporary file. Waitress has put chunked
    # bodies together and given them a length.
    if request.content_length > MAX_BODY:
        raise problem(413, f"a body may have at most {MAX_BODY} bytes")
    length = max(request.content_length, 0)
    read: bytes = request.environ["wsgi.input"].read(length)
    return read


def read_json_object() -> dict[str, Any]:
    """Give the JSON object of the current request's body; raises a 400, 413, 415 or 422 problem."""
    media_type = request.environ.get("CONTENT_TYPE", "").split(";", 1)[0].strip().lower()
    if media_type != "application/json":
        raise problem(415, f"the body must be application/json, not {media_type[:80] or 'untyped'}")
    try:
        value = _decoded(read_body().decode("utf-8"))
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, a number or a nest beyond reason
        raise problem(400, f"the body is not JSON: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise problem(422, f"the body must be a JSON object, not {_json_name(value)}")
    return value


def _no_json(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


_decoded = json.JSONDecoder(parse_constant=_no_json).decode  # Python would take NaN and Infinity for numbers


def _json_name(value: object) -> str:
    if value is None:
        return "null"
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names[type(value)]
