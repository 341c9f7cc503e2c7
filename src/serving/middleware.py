"""Around every request: its id, the pod's name, one log line, and a true 500 when a handler breaks."""

import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any, TypeAlias

from serving.log import log_request
from serving.metrics import UNMATCHED, Metrics
from serving.problem import answer_problem

REQUEST_ID = "serving.request_id"
"""Where in the WSGI environ a handler finds the id of its request."""

WATCHING = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""
What probes and scrapers ask. None of it waits for anything, so it needs no permit (serving.bulkhead). It is a line only
when it fails: a few probes a second for ever would be most of the log.
"""

WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_is_safe = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch
_log = logging.getLogger("access")

# An id of 32 digits: half of them this process's own, half counted. As unique as a random one, at a tenth of its cost.
_process, _number = os.urandom(8).hex(), count(int.from_bytes(os.urandom(4)))


def request_id_of(environ: dict[str, Any]) -> str:
    """Give the caller's X-Request-Id when it is safe to log and send on, else a new one."""
    given: str | None = environ.get("HTTP_X_REQUEST_ID")
    return given if given and _is_safe(given) else f"{_process}{next(_number):016x}"


def observed(app: WsgiApp, *, pod: str, metrics: Metrics) -> WsgiApp:
    """Wrap a WSGI app: X-Request-Id and X-Pod on each response, one count and one log line at its end."""

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        exchange = _Exchange(environ, start_response, pod, metrics)
        try:
            exchange.chunks = app(environ, exchange.start)
        except Exception:  # noqa: BLE001 - the last line of defence: logged with its traceback, answered as 500
            exchange.chunks = exchange.broken()
        return exchange

    return outer


class _Exchange:
    """One request and its answer; to the server, the body of the answer."""

    __slots__ = ("_began", "_environ", "_headers", "_metrics", "_start_response", "_status", "chunks")

    def __init__(self, environ: dict[str, Any], start_response: Callable[..., Any], pod: str, metrics: Metrics) -> None:
        self._began = time.perf_counter()
        self._environ, self._start_response, self._metrics = environ, start_response, metrics
        self._status = 0
        request_id = environ[REQUEST_ID] = request_id_of(environ)
        self._headers = [("X-Request-Id", request_id), ("X-Pod", pod)]
        self.chunks: Iterable[bytes] = ()

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Begin the response, as WSGI's start_response."""
        self._status = int(status[:3])
        more = (exc_info,) if exc_info else ()
        return self._start_response(status, headers + self._headers, *more)

    def broken(self) -> list[bytes]:
        """Answer for a handler that has just raised."""
        environ = self._environ
        request_id = environ[REQUEST_ID]
        where = {"method": environ["REQUEST_METHOD"], "path": environ.get("PATH_INFO", "")}
        _log.exception("handler failed", extra={"fields": {"request_id": request_id, **where}})
        detail = f"an unforeseen error; the log has it under request id {request_id}"
        return answer_problem(environ, self.start, 500, detail, exc_info=sys.exc_info())

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        """Count and log the request: the server is done with it."""
        try:
            if hasattr(self.chunks, "close"):
                self.chunks.close()
        finally:
            self._record(time.perf_counter() - self._began)

    def _record(self, seconds: float) -> None:
        environ, status = self._environ, self._status
        method, path, route = environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), environ.get("bottle.route")
        self._metrics.observe(method, route.rule if route else UNMATCHED, status, seconds)
        if path not in WATCHING or status >= 400:
            log_request(method, path, status, seconds=seconds, request_id=environ[REQUEST_ID])
