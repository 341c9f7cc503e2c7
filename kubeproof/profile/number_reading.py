"""One reader for each kind of number in kubeproof.toml: a table becomes a value of `numbers`."""

from typing import Any

from kubeproof.manifests.labels import Labels
from kubeproof.profile.numbers import (
    Chain,
    Connections,
    Drain,
    IntendedAutoscaler,
    IntendedProbe,
    IntendedWorkload,
    Pace,
    Timeout,
)
from kubeproof.profile.tables import Table

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def read_workload(t: Table) -> IntendedWorkload:
    """Read one of `workloads`."""
    return IntendedWorkload(
        name=t.text("name", "the name of the workload"),
        kind=t.choice("kind", KINDS, "what kind of workload it is"),
        port=t.maybe_whole("port", "the port that its containers listen on and its Service offers"),
        replicas=t.maybe_whole("replicas", "how many pods, where no autoscaler decides"),
        requests=pairs(t, "requests", "resource = quantity that its pods ask for"),
        limits=pairs(t, "limits", "resource = quantity that its pods may not exceed"),
        liveness=t.maybe("liveness", _probe, "when a container is restarted"),
        readiness=t.maybe("readiness", _probe, "when a pod leaves its Services"),
        sleep=t.maybe_seconds("pre_stop", "seconds that a pod sleeps before it is signalled"),
        autoscaler=t.maybe("autoscaler", _autoscaler, "how many replicas it has, and what decides"),
        idle_memory=t.maybe_text("idle_memory", "memory that one pod uses without load"),
    )


def _autoscaler(t: Table) -> IntendedAutoscaler:
    return IntendedAutoscaler(
        minimum=t.whole("minimum", "the fewest replicas"),
        maximum=t.whole("maximum", "the most replicas"),
        cpu=t.maybe_whole("cpu", "percent of the CPU request above which it grows"),
        memory=t.maybe_whole("memory", "percent of the memory request above which it grows"),
        up=t.maybe("up", _pace, "how fast it grows"),
        down=t.maybe("down", _pace, "how fast it shrinks"),
    )


def _pace(t: Table) -> Pace:
    return Pace(
        t.whole("pods", "at most so many pods", least=1),
        t.seconds("every", "in so many seconds"),
    )


def _probe(t: Table) -> IntendedProbe:
    return IntendedProbe(
        path=t.maybe_text("path", "the path it asks for"),
        period=t.seconds("period", "seconds between two probes"),
        timeout=t.seconds("timeout", "seconds it waits for an answer"),
        failures=t.whole("failures", "failures in a row before it acts", least=1),
    )


def pairs(t: Table, field: str, says: str) -> Labels:
    """Read a table of texts."""
    found: Any = t.mapping(field, says) or {}
    for name, value in found.items():
        if not isinstance(value, str):
            raise t.error(f"{field}.{name}", f"must be a text, is {value!r}")
    return tuple(sorted(found.items()))


def read_drain(t: Table) -> Drain:
    """Read one of `drains`."""
    return Drain(
        workload=t.text("workload", "the workload whose pods drain"),
        linger=t.amount("linger", "seconds after the signal in which it still accepts, so that clients move away"),
        in_flight=t.amount("in_flight", "seconds it waits for requests in flight at most"),
    )


def read_chain(t: Table) -> Chain:
    """Read one of `timeouts`."""
    return Chain(
        name=t.text("name", "what the time-outs are around"),
        order=t.each("order", _timeout, "from the innermost time-out to the outermost"),
    )


def _timeout(t: Table) -> Timeout:
    return Timeout(
        name=t.text("name", "which time-out it is"),
        workload=t.text("workload", "the workload that has it"),
        seconds=t.amount("seconds", "how long it is"),
    )


def read_connections(t: Table) -> Connections:
    """Read one of `connections`."""
    return Connections(
        workload=t.text("workload", "the workload that connects"),
        database=t.text("database", "the workload it connects to"),
        per_pod=t.amount("per_pod", "connections that one pod opens at most"),
        most=t.amount("most", "connections that the database takes, max_connections for PostgreSQL"),
        reserved=t.whole("reserved", "connections that are kept for administrators", 0),
    )
