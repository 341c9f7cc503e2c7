"""
The numbers of kubeproof.toml: what the manifests must say of each workload, and what must add up with what they say.

They are judged without a cluster; what a cluster must do is in `intent`.
"""

from dataclasses import dataclass

from kubeproof.manifests.labels import Labels
from kubeproof.profile.tables import Amount


@dataclass(frozen=True)
class IntendedProbe:
    """A probe as the architecture wants it, in seconds; a `path` of None is not asked for."""

    path: str | None
    period: float
    timeout: float
    failures: int


@dataclass(frozen=True)
class Pace:
    """At most so many pods in so many seconds."""

    pods: int
    every: float


@dataclass(frozen=True)
class IntendedAutoscaler:
    """An autoscaler's numbers as the architecture wants them; `cpu` and `memory` are percent of the request."""

    minimum: int
    maximum: int
    cpu: int | None = None
    memory: int | None = None
    up: Pace | None = None
    down: Pace | None = None


@dataclass(frozen=True)
class IntendedWorkload:
    """
    A workload's numbers as the architecture wants them; None is what it does not say.

    `sleep` is that of its preStop hook in seconds, `idle_memory` a quantity: what one pod uses without load.
    """

    name: str
    kind: str | None = None
    port: int | None = None
    replicas: int | None = None
    requests: Labels = ()
    limits: Labels = ()
    liveness: IntendedProbe | None = None
    readiness: IntendedProbe | None = None
    sleep: float | None = None
    autoscaler: IntendedAutoscaler | None = None
    idle_memory: str | None = None


@dataclass(frozen=True)
class Drain:
    """How long a pod of this workload needs from its signal to its end: it lingers, then finishes."""

    workload: str
    linger: Amount
    in_flight: Amount


@dataclass(frozen=True)
class Timeout:
    """One time-out, in seconds, and the workload that has it."""

    name: str
    workload: str
    seconds: Amount


@dataclass(frozen=True)
class Chain:
    """Time-outs around one request, from the innermost: each must be shorter than the next."""

    name: str
    order: tuple[Timeout, ...]


@dataclass(frozen=True)
class Connections:
    """What one pod of a workload opens to a database, and what the database takes without its reserve."""

    workload: str
    database: str
    per_pod: Amount
    most: Amount
    reserved: int = 0
