"""Errors as RFC 9457 problem details, for everything that can go wrong behind the HTTP interface."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from bottle import Bottle, HTTPResponse, response

MEDIA_TYPE = "application/problem+json"


def problem_body(status: int, detail: str) -> bytes:
    """Give the JSON text of a problem; the title is the standard phrase of the status."""
    shape = {"type": "about:blank", "title": _phrase(status), "status": status, "detail": detail}
    return json.dumps(shape).encode("ascii")


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> HTTPResponse:
    """Give a response to return or to raise: `problem(404, "no item 7")`."""
    return HTTPResponse(problem_body(status, detail), status, headers={**(headers or {}), "Content-Type": MEDIA_TYPE})


def unavailable(detail: str, *, retry_after: int) -> HTTPResponse:
    """Give a 503 that says after how many seconds to ask again."""
    return problem(503, detail, {"Retry-After": str(retry_after)})


def answer_problem(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    status: int,
    detail: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    exc_info: Any = None,
) -> list[bytes]:
    """Answer a WSGI request with a problem, where no Bottle is at hand; gives the chunks of the body."""
    body = problem_body(status, detail)
    line = f"{status} {_phrase(status)}"
    start_response(line, [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), *headers], exc_info)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def speak_problems(app: Bottle) -> None:
    """Make Bottle's own errors (404, 405, bad requests) problems too; unforeseen ones go up to the middleware."""
    app.default_error_handler = _error_is_problem
    # Bottle would print a traceback to stderr and answer HTML: serving.middleware does both better.
    app.catchall = False


def _error_is_problem(error: Any) -> bytes:
    response.content_type = MEDIA_TYPE
    return problem_body(error.status_code, str(error.body or error.status_line))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
