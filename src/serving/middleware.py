"""Around every request: its id, the pod's name, one log line, and a true 500 when a handler breaks."""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias
from uuid import uuid4

from serving.metrics import UNMATCHED, Metrics
from serving.problem import answer_problem

REQUEST_ID = "serving.request_id"
"""Where in the WSGI environ a handler finds the id of its request."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_log = logging.getLogger("access")


WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Ending:
    """A body that is passed on as it is; `ended` is called once when the server is done with it."""

    __slots__ = ("_chunks", "_ended")

    def __init__(self, chunks: Iterable[bytes], ended: Callable[[], None]) -> None:
        self._chunks = chunks
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Tell the app, then call `ended`, also when the app fails to close."""
        try:
            if hasattr(self._chunks, "close"):
                self._chunks.close()
        finally:
            self._ended()


def request_id_of(environ: dict[str, Any]) -> str:
    """Give the caller's X-Request-Id when it is safe to log and send on, else a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _SAFE_ID.fullmatch(given) else uuid4().hex


def observed(app: WsgiApp, *, pod: str, metrics: Metrics) -> WsgiApp:
    """Wrap a WSGI app: X-Request-Id and X-Pod on each response, one access log line at its end."""

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        request_id = environ[REQUEST_ID] = request_id_of(environ)
        seen = {"status": 0}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen["status"] = int(status.split(" ", 1)[0])
            ours = [*headers, ("X-Request-Id", request_id), ("X-Pod", pod)]
            return start_response(status, ours, exc_info) if exc_info else start_response(status, ours)

        def ended() -> None:
            seconds = time.perf_counter() - began
            route = environ.get("bottle.route")
            metrics.observe(environ["REQUEST_METHOD"], route.rule if route else UNMATCHED, seen["status"], seconds)
            _log_request(environ, seen["status"], seconds)

        try:
            return Ending(app(environ, start), ended)
        except Exception:  # noqa: BLE001 - the last line of defence: logged with its traceback, answered as 500
            where = {"method": environ["REQUEST_METHOD"], "path": environ.get("PATH_INFO", "")}
            _log.exception("handler failed", extra={"fields": {"request_id": request_id, **where}})
            detail = f"an unforeseen error; the log has it under request id {request_id}"
            return Ending(answer_problem(environ, start, 500, detail, exc_info=sys.exc_info()), ended)

    return outer


def _log_request(environ: dict[str, Any], status: int, seconds: float) -> None:
    path = environ.get("PATH_INFO", "")
    if path == "/health" and status < 400:
        return  # two probes every few seconds for ever would be most of the log
    fields = {
        "request_id": environ[REQUEST_ID],
        "method": environ["REQUEST_METHOD"],
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 2),
    }
    _log.info("%s %s %s", fields["method"], path, status, extra={"fields": fields})
