"""
A database is taken away and given back, while its dependents are watched and asked.

Refused: its workload is scaled to nothing, and it is away once its pods are gone. Frozen and black-holed: a fault is
put upon its pods from the node, which only the embedded cluster lets us do, and the database is greeted from the pod of
a dependent, to see that it was there. Who is asked what is in `outage_targets`.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.reading import NODE
from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, Faults
from kubeproof.observe.outage_targets import asks_of, complete, ready_endpoints
from kubeproof.observe.streams import agent_running
from kubeproof.observe.waiting import NotInTime, pause, wait_until
from kubeproof.profile.intent import Dependency, Loss

BASELINE = 3.0  # seconds of asks before the outage, the control that they are answered at all, and after it
RATE = 5  # asks a second, of each pod and question
GREETINGS = 1  # a second, to each pod of the database
PATIENCE = 2.0  # seconds that a greeting waits: a server that is there answers within milliseconds
LONGEST = 3600.0  # seconds; the asking agent stops by itself after this
# Seconds for a database to stop. One that takes longer is not waited for: no run waits for whoever ignores SIGTERM, and
# without a marker that it is away nothing is judged.
STOPS_WITHIN = 45.0
SOON = 5.0  # seconds beyond what is promised, in which a broken promise shows


def observe_refused(on: Deployed, of: str, database: str) -> None:
    """Scale a database to nothing until its dependents left their Services and a liveness window is over; and back."""
    target = on.workload(database)
    dependents = [dependency for dependency in on.profile.dependencies if dependency.database == database]
    _observe(on, of, target, Loss.REFUSED, dependents, _scaled_down(on, of, target))


def observe_frozen(on: Deployed, of: str, database: str) -> None:
    """Stop the processes of a database until its dependents left their Services and the promised time is over."""
    _observe_fault(on, of, database, Loss.FROZEN)


def observe_black_holed(on: Deployed, of: str, database: str) -> None:
    """The same while all packets to and from a database are dropped."""
    _observe_fault(on, of, database, Loss.BLACK_HOLED)


def _observe_fault(on: Deployed, of: str, database: str, loss: Loss) -> None:
    if on.faults is None:
        reason = "only the embedded cluster lets us at the node below the database; run it without --kubeconfig"
        on.recorder.line(of, "need", need=NODE, met=False, says=reason)
        return
    target = on.workload(database)
    dependents = [
        dependency
        for dependency in on.profile.dependencies
        if dependency.database == database and dependency.outage(loss)
    ]
    with _greeted(on, of, target, dependents[0]):
        _observe(on, of, target, loss, dependents, _faulty(on, of, target, loss, on.faults))


def _observe(
    on: Deployed,
    of: str,
    target: Workload,
    loss: Loss,
    dependents: list[Dependency],
    away: AbstractContextManager[bool],
) -> None:
    """Ask, take the database away for as long as `away` lasts, wait until all is as before; `away` tells if it went."""
    complete(on, dependents)
    events = _unhealthy(on)
    with ExitStack() as stack:
        targets = [ask for dependent in dependents if dependent.outage(loss) for ask in asks_of(on, dependent)]
        if targets:
            plan = {"targets": targets, "rate": RATE, "seconds": LONGEST}
            stack.enter_context(agent_running(on, of, "ask", plan))
            pause(BASELINE)
        on.mark(of, "database stopped", at=target.name, uids=on.uids_of(target))
        with away as went:
            if went:
                _wait_out(on, loss, dependents)
            on.mark(of, "database started", at=target.name)
        ended = time.monotonic()
        _wait_for_return(on, target, dependents)
        if targets:
            pause(BASELINE)
        if loss is Loss.REFUSED and went:
            _wait_for_kills(on, dependents, events, since=ended)


@contextmanager
def _scaled_down(on: Deployed, of: str, database: Workload) -> Iterator[bool]:
    on.patch(database, {"spec": {"replicas": 0}})
    try:
        yield _went(on, of, database)
    finally:
        on.patch(database, {"spec": {"replicas": database.replicas}})


def _went(on: Deployed, of: str, database: Workload) -> bool:
    """Wait until the database's pods and endpoints are gone, and mark it; False when that took too long."""
    services = [service.name for service in on.system.services_of(database)]
    hope = f"the pods of {database.name} are gone"
    try:
        wait_until(
            partial(_is_gone, on, database.name, services), within=STOPS_WITHIN, hoping=hope, wake=on.watches.changed
        )
    except NotInTime:
        return False
    on.mark(of, "database away", at=database.name)
    return True


def _is_gone(on: Deployed, workload: str, services: list[str]) -> bool:
    with on.watches.changed:
        pods, endpoints = on.watches.now["pod"].values(), on.watches.now["endpoints"]
        serving = [endpoints[name]["serving"] for name in services if name in endpoints]
        return not any(pod["workload"] == workload for pod in pods) and not any(serving)


@contextmanager
def _faulty(on: Deployed, of: str, database: Workload, loss: Loss, faults: Faults) -> Iterator[bool]:
    with ExitStack() as faulty:
        for pod in on.watches.pods_of(database.name):
            fault = faults.frozen(pod["uid"]) if loss is Loss.FROZEN else faults.black_holed(pod["ip"])
            faulty.enter_context(fault)
        on.mark(of, "database away", at=database.name)
        yield True


def _greeted(on: Deployed, of: str, database: Workload, by: Dependency) -> AbstractContextManager[Any]:
    """Greet each pod of the database from a pod that may talk to it: the client, as a stranger, may not."""
    targets = [
        {"pod": pod["name"], "host": pod["ip"], "port": port.number, "timeout": PATIENCE}
        for pod in on.watches.pods_of(database.name)
        for port in database.ports[:1]
    ]
    plan = {"targets": targets, "rate": GREETINGS, "seconds": LONGEST}
    return agent_running(on, of, "greet", plan, pod=on.probe_in(on.workload(by.workload)))


def _has_left(on: Deployed, workload: str) -> bool:
    return not ready_endpoints(on, workload)


def _wait_out(on: Deployed, loss: Loss, dependents: list[Dependency]) -> None:
    """Wait until all dependents left their Services, and until the loss has lasted as long as is promised."""
    lost = time.monotonic()
    for dependent in dependents:
        has_left = partial(_has_left, on, dependent.workload)
        with suppress(NotInTime):
            wait_until(
                has_left,
                within=dependent.within + SOON,
                hoping=f"{dependent.workload} left its Services",
                wake=on.watches.changed,
            )
    lasts = [promise.lasts for dependent in dependents if (promise := dependent.outage(loss))]
    if loss is Loss.REFUSED:
        # The law about liveness needs a window in which a wrong probe would have had the time to restart the pod.
        lasts += [_liveness_window(on.workload(dependent.workload)) for dependent in dependents]
    pause(lost + max(lasts, default=0.0) - time.monotonic())


def _wait_for_return(on: Deployed, target: Workload, dependents: list[Dependency]) -> None:
    """Wait for the database as long as its pods may take to start, then for its dependents as long as is promised."""
    with suppress(NotInTime):
        on.wait_ready(target, within=target.progress_deadline)
    for dependent in dependents:
        level = on.profile.level(dependent.workload)
        promised = level.recovery if level else dependent.within
        with suppress(NotInTime):
            on.wait_ready(on.workload(dependent.workload), within=promised + SOON)


def _wait_for_kills(on: Deployed, dependents: list[Dependency], before: set[tuple[str, str]], *, since: float) -> None:
    """
    Wait as long as a container that was killed at the end takes to drain: its restart shows only then.

    Not where the kubelet was heard to speak of each pod's probes: it would have been heard to say that it kills.
    """
    heard = {uid for uid, _ in _unhealthy(on) - before}
    for workload in (on.workload(dependent.workload) for dependent in dependents):
        if not set(on.uids_of(workload)) <= heard:
            pause(since + workload.grace_seconds + SOON + BASELINE - time.monotonic())


def _unhealthy(on: Deployed) -> set[tuple[str, str]]:
    """The events about probes that failed, each as the uid of its pod and its version, a new one each time."""
    try:
        events = on.cluster.core.list_namespaced_event(on.namespace).items
    except ApiException:
        return set()  # then kills are waited for
    return {
        (event.involved_object.uid, event.metadata.resource_version) for event in events if event.reason == "Unhealthy"
    }


def _liveness_window(workload: Workload) -> float:
    probes = workload.probes("liveness")
    return max((probe.period * (probe.failure_threshold + 1) + probe.timeout for probe in probes), default=30.0)
