"""What the requests of a load took: latency from the time each was due, percentiles, errors. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

OK = 200


@dataclass(frozen=True)
class Request:
    """One request: when it was due, sent and done, in seconds since the load began; status 0: no answer."""

    intended: float
    sent: float
    done: float
    status: int
    error: str = ""

    @property
    def latency(self) -> float:
        """Seconds since it was due: what a client waits, also for a server that kept its predecessor waiting."""
        return self.done - self.intended

    @property
    def failed(self) -> bool:
        """Whether it got anything but the item."""
        return self.status != OK


@dataclass(frozen=True)
class Latency:
    """Percentiles in milliseconds, from the time requests were due; failed ones count with the time they took."""

    requests: int
    failed: int
    p50: float
    p99: float
    p999: float


def latency(requests: Sequence[Request]) -> Latency:
    """Summarise requests; raises ValueError when there are none."""
    took = sorted(request.latency * 1000 for request in requests)
    failed = sum(request.failed for request in requests)
    return Latency(len(took), failed, percentile(took, 50), percentile(took, 99), percentile(took, 99.9))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Give the smallest value that at least `percent` of the ordered values do not exceed (nearest rank)."""
    if not ordered:
        raise ValueError("no percentile of nothing")
    return ordered[max(0, math.ceil(round(percent / 100 * len(ordered), 6)) - 1)]


def lateness(requests: Sequence[Request]) -> float:
    """Give the milliseconds after its time at which the generator sent a request, 99th percentile: its own fault."""
    return percentile(sorted((request.sent - request.intended) * 1000 for request in requests), 99)


def seconds_of(requests: Sequence[Request]) -> float:
    """Give how long the load took, from the first due time to the last answer."""
    return max(request.done for request in requests) - min(request.intended for request in requests)
