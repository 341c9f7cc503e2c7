"""
A bulkhead: what answers probes and scrapes always finds a worker, however many handlers are stuck.

The server keeps two lanes (serving.workers), so that a burst can queue without holding a worker; here is what the app
sees of it: how many requests are let in at a time, and what is said to those who are not.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from serving.metrics import Metrics
from serving.middleware import WATCHING, WsgiApp
from serving.problem import answer_problem

PERMITS = 6
"""Workers for requests that may wait for something; the server has a few more for those that do not."""

REFUSED = "serving.refused"
"""Where in the WSGI environ the server says that a request has queued for too long to be served."""

RETRY_AFTER = 1  # seconds


class Bulkhead:
    """Lets at most `permits` requests into an app at a time; the others are told 503 and Retry-After at once."""

    def __init__(self, permits: int, metrics: Metrics) -> None:
        # Taking from a list and putting back is one step each in Python, and cheaper than a semaphore.
        self._free = [object()] * permits
        self._refused = metrics.counter(
            "bulkhead_refused", f"Requests refused because {permits} others were under way."
        )
        metrics.gauge(
            "bulkhead_permits_in_use",
            f"Requests that hold one of {permits} permits.",
            lambda: permits - len(self._free),
        )

    def around(self, app: WsgiApp) -> WsgiApp:
        """Give the app behind this bulkhead."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"] in WATCHING:
                return app(environ, start_response)
            try:
                permit = None if environ.get(REFUSED) else self._free.pop()
            except IndexError:
                permit = None
            if permit is None:
                return self._refuse(environ, start_response)
            body: Iterable[bytes] | None = None
            try:
                body = app(environ, start_response)
            finally:
                if body is None or type(body) is list:  # failed, or produced as a whole
                    self._free.append(permit)
            return body if type(body) is list else _Held(body, lambda: self._free.append(permit))

        return guarded

    def _refuse(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self._refused.inc()
        detail = "as many requests as this pod takes are under way"
        return answer_problem(environ, start_response, 503, detail, headers=[("Retry-After", str(RETRY_AFTER))])


class _Held:
    """A body that is produced as it is sent; `let_go` is called when the server is done with it."""

    def __init__(self, chunks: Iterable[bytes], let_go: Callable[[], None]) -> None:
        self._chunks = chunks
        self._let_go = let_go

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        try:
            if hasattr(self._chunks, "close"):
                self._chunks.close()
        finally:
            self._let_go()
