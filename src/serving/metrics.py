"""What a service counts, and GET /metrics, where Prometheus reads it."""

from collections.abc import Callable

from bottle import Bottle, HTTPResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from serving import __version__

UNMATCHED = "unmatched"
"""The route of a request that no rule matched: never the raw path, of which there is no end."""

# One more series beside each counter and histogram, of which nobody asks: Prometheus sees a restart by itself.
disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds: half a millisecond is a lookup by id, 5 s is where every caller has given up.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The counts of one service; a service declares its own on `registry`."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("service", "Which service this is.", registry=self.registry).info(
            {"name": service, "version": __version__}
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's arrival at a worker until its response was handed to the kernel.",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one finished request; `route` is a rule such as /items/<item_id>, or UNMATCHED."""
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            series = self._durations.labels(method if method in _METHODS else "other", route, status)
            if method in _METHODS:  # an endless set of invented methods must not become an endless set of keys
                self._series[key] = series
        series.observe(seconds)

    def counter(self, name: str, description: str) -> Counter:
        """Declare a counter without labels; it is exposed as `name`_total."""
        return Counter(name, description, registry=self.registry)

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Declare a gauge that is read when somebody scrapes."""
        Gauge(name, description, registry=self.registry).set_function(read)


def add_metrics(app: Bottle, metrics: Metrics) -> None:
    """Add GET /metrics in Prometheus' text format."""

    def exposition() -> HTTPResponse:
        return HTTPResponse(generate_latest(metrics.registry), 200, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app.route("/metrics", "GET", exposition)
