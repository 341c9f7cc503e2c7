"""One load on one server: what the clients saw and what it cost both sides."""

from dataclasses import dataclass

from bench.services.latency import Request, seconds_of
from bench.services.quota import Throttling
from bench.services.server import Server
from bench.services.test_bed import PATHS, TestBed

CLIENTS = 8
"""Of a closed loop. As many as the servers have threads, or connections."""


@dataclass(frozen=True)
class Load:
    """
    The requests of one load, and processor seconds of the server and of PostgreSQL meanwhile.

    `rate` is what was offered per second, None for a closed loop. `throttling` is None without a CPU limit.
    """

    rate: float | None
    requests: tuple[Request, ...]
    server_cpu: float
    postgres_cpu: float
    throttling: Throttling | None

    @property
    def served(self) -> int:
        """How many requests got their item."""
        return sum(not request.failed for request in self.requests)

    @property
    def per_second(self) -> float:
        """Requests served per second."""
        return self.served / seconds_of(self.requests)

    @property
    def per_cpu_second(self) -> float:
        """Requests served per processor second of the server."""
        return self.served / self.server_cpu if self.server_cpu else 0.0


def load(test_bed: TestBed, server: Server, *, rate: float | None, seconds: float) -> Load:
    """Ask a server for items by id for `seconds`, at `rate` per second, or with CLIENTS in a closed loop."""
    throttling = server.quota.throttling() if server.quota else None
    server_cpu, postgres_cpu = server.cpu_seconds(), test_bed.postgres_cpu_seconds()
    connections = None if rate else CLIENTS
    requests = test_bed.generator.load(server.url, PATHS, seconds=seconds, rate=rate, connections=connections)
    return Load(
        rate,
        tuple(requests),
        server.cpu_seconds() - server_cpu,
        test_bed.postgres_cpu_seconds() - postgres_cpu,
        server.quota.throttling().since(throttling) if server.quota and throttling else None,
    )
