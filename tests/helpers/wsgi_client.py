"""Asks a WSGI app in this process, through the standard library's validator of both sides."""

import io
import json
from dataclasses import dataclass
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator


@dataclass(frozen=True)
class Answered:
    """A whole response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def ask(
    app: Any,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    content_type: str | None = None,
) -> Answered:
    """Send one request; `path` is as a server hands it on: decoded."""
    errors = io.StringIO()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": errors,
    }
    setup_testing_defaults(environ)
    if body or content_type is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    for name, value in (headers or {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    seen: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, sent: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        seen[:] = [(status, sent)]
        return lambda _data: None

    chunks: Any = validator(app)(environ, start_response)
    try:
        whole = b"".join(chunks)
    finally:
        chunks.close()
    [(status, sent)] = seen
    assert errors.getvalue() == ""
    return Answered(int(status.split()[0]), {name.lower(): value for name, value in sent}, whole)


def ask_json(app: Any, method: str, path: str, value: Any, **more: Any) -> Answered:
    """Send one request with a JSON body."""
    return ask(app, method, path, body=json.dumps(value).encode(), content_type="application/json", **more)
