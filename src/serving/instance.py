"""One running copy of a service: what it is called and what it keeps, whichever service it is."""

import socket
from dataclasses import dataclass

from serving import __version__
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics


@dataclass(frozen=True)
class Instance:
    """What every part of a running service may want to know; `pod` is the host's name, as the cluster gives it."""

    service: str
    pod: str
    version: str
    lifecycle: Lifecycle
    metrics: Metrics

    @classmethod
    def here(cls, service: str, lifecycle: Lifecycle) -> "Instance":
        """Give the instance that this process is."""
        metrics = Metrics(service)
        metrics.gauge("draining", "1 from the first SIGTERM on.", lambda: float(lifecycle.draining))
        return cls(service, socket.gethostname(), __version__, lifecycle, metrics)
