"""What the items service counts besides its requests: its ways to the database."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from items.pool import PoolCounts
from serving.metrics import Metrics


def add_measures(metrics: Metrics, counts: Callable[[], PoolCounts]) -> None:
    """Show the counts of the pool when somebody scrapes; nothing is spent on them before."""
    metrics.registry.register(_PoolCollector(counts))


class _PoolCollector(Collector):
    def __init__(self, counts: Callable[[], PoolCounts]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Give one consistent reading."""
        counts = self._counts()
        yield _counter("database_exchanges", "Questions sent to the database and waited for.", counts.exchanges)
        opened = CounterMetricFamily("database_connects", "Attempts to open a connection.", labels=["outcome"])
        opened.add_metric(["opened"], counts.opened)
        opened.add_metric(["failed"], counts.not_opened)
        yield opened
        yield _counter("database_pool_refusals", "Requests for which no connection came free.", counts.refused)
        held = GaugeMetricFamily("database_connections", "Connections of the pool.", labels=["state"])
        held.add_metric(["idle"], counts.idle)
        held.add_metric(["in_use"], counts.lent)
        yield held
        yield GaugeMetricFamily(
            "database_pool_waiters", "Requests that wait for a connection.", value=float(counts.waiting)
        )


def _counter(name: str, description: str, value: int) -> Metric:
    return CounterMetricFamily(name, description, value=float(value))
