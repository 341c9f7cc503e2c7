"""
The numbers of kubeproof.toml, and how each is read from its table.

They are what the manifests must say of each workload, and what must add up with what they say. They are judged without
a cluster; what a cluster must do is in `intent`.
"""

from dataclasses import dataclass

from kubeproof.manifests.labels import Labels
from kubeproof.profile.tables import Amount, Table

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


@dataclass(frozen=True)
class IntendedProbe:
    """A probe as the architecture wants it, in seconds; a `path` of None is not asked for."""

    path: str | None
    period: float
    timeout: float
    failures: int


def _probe(t: Table) -> IntendedProbe:
    return IntendedProbe(
        path=t.maybe_text("path", "the path it asks for"),
        period=t.seconds("period", "seconds between two probes"),
        timeout=t.seconds("timeout", "seconds it waits for an answer"),
        failures=t.whole("failures", "failures in a row before it acts", least=1),
    )


@dataclass(frozen=True)
class IntendedScalingPolicy:
    """At most so many pods in so many seconds."""

    pods: int
    every: float


def _scaling_policy(t: Table) -> IntendedScalingPolicy:
    return IntendedScalingPolicy(
        t.whole("pods", "at most so many pods", least=1),
        t.seconds("every", "in so many seconds"),
    )


@dataclass(frozen=True)
class IntendedAutoscaler:
    """An autoscaler's numbers as the architecture wants them; `cpu` and `memory` are percent of the request."""

    minimum: int
    maximum: int
    cpu: int | None = None
    memory: int | None = None
    up: IntendedScalingPolicy | None = None
    down: IntendedScalingPolicy | None = None


def _autoscaler(t: Table) -> IntendedAutoscaler:
    return IntendedAutoscaler(
        minimum=t.whole("minimum", "the fewest replicas"),
        maximum=t.whole("maximum", "the most replicas"),
        cpu=t.maybe_whole("cpu", "percent of the CPU request above which it grows"),
        memory=t.maybe_whole("memory", "percent of the memory request above which it grows"),
        up=t.maybe("up", _scaling_policy, "how fast it grows"),
        down=t.maybe("down", _scaling_policy, "how fast it shrinks"),
    )


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


def read_workload(t: Table) -> IntendedWorkload:
    """Read one of `workloads`."""
    return IntendedWorkload(
        name=t.text("name", "the name of the workload"),
        kind=t.choice("kind", KINDS, "what kind of workload it is"),
        port=t.maybe_whole("port", "the port that its containers listen on and its Service offers"),
        replicas=t.maybe_whole("replicas", "how many pods, where no autoscaler decides"),
        requests=t.pairs("requests", "resource = quantity that its pods ask for"),
        limits=t.pairs("limits", "resource = quantity that its pods may not exceed"),
        liveness=t.maybe("liveness", _probe, "when a container is restarted"),
        readiness=t.maybe("readiness", _probe, "when a pod leaves its Services"),
        sleep=t.maybe_seconds("pre_stop", "seconds that a pod sleeps before it is signalled"),
        autoscaler=t.maybe("autoscaler", _autoscaler, "how many replicas it has, and what decides"),
        idle_memory=t.maybe_text("idle_memory", "memory that one pod uses without load"),
    )


@dataclass(frozen=True)
class Drain:
    """How long a pod of this workload needs from its signal to its end: it lingers, then finishes."""

    workload: str
    linger: Amount
    in_flight: Amount


def read_drain(t: Table) -> Drain:
    """Read one of `drains`."""
    return Drain(
        workload=t.text("workload", "the workload whose pods drain"),
        linger=t.amount("linger", "seconds after the signal in which it still accepts, so that clients move away"),
        in_flight=t.amount("in_flight", "seconds it waits for requests in flight at most"),
    )


@dataclass(frozen=True)
class Timeout:
    """One time-out, in seconds, and the workload that has it."""

    name: str
    workload: str
    seconds: Amount


def _timeout(t: Table) -> Timeout:
    return Timeout(
        name=t.text("name", "which time-out it is"),
        workload=t.text("workload", "the workload that has it"),
        seconds=t.amount("seconds", "how long it is"),
    )


@dataclass(frozen=True)
class Chain:
    """Time-outs around one request, from the innermost: each must be shorter than the next."""

    name: str
    order: tuple[Timeout, ...]


def read_chain(t: Table) -> Chain:
    """Read one of `timeouts`."""
    return Chain(
        name=t.text("name", "what the time-outs are around"),
        order=t.tables("order", _timeout, "from the innermost time-out to the outermost"),
    )


@dataclass(frozen=True)
class Connections:
    """What one pod of a workload opens to a database, and what the database takes without its reserve."""

    workload: str
    database: str
    per_pod: Amount
    most: Amount
    reserved: int = 0


def read_connections(t: Table) -> Connections:
    """Read one of `connections`."""
    return Connections(
        workload=t.text("workload", "the workload that connects"),
        database=t.text("database", "the workload it connects to"),
        per_pod=t.amount("per_pod", "connections that one pod opens at most"),
        most=t.amount("most", "connections that the database takes, max_connections for PostgreSQL"),
        reserved=t.whole("reserved", "connections that are kept for administrators", 0),
    )
