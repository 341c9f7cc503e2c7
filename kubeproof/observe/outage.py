"""
A database is taken away and given back, while its dependents are watched and asked.

Refused: its workload is scaled to nothing. Frozen and black-holed: a fault is put upon its pods from the node, which
only the embedded cluster lets us do, and the database is greeted from the pod of a dependent, to see that it was there.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from kubeproof.evidence.reading import NODE
from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, Faults
from kubeproof.observe.streams import agent_running
from kubeproof.observe.waiting import NotInTime, pause, wait_until
from kubeproof.profile.intent import Dependency, Loss

BASELINE = 3.0  # seconds of asks before the outage, the control that they are answered at all, and after it
RATE = 5  # asks a second, of each pod and question
GREETINGS = 1  # a second, to each pod of the database
PATIENCE = 2.0  # seconds that a greeting waits: a server that is there answers within milliseconds
LONGEST = 900.0  # seconds; the asking agent stops by itself after this


def observe_refused(on: Deployed, of: str, database: str) -> None:
    """Scale a database to nothing until its dependents left their Services and a liveness window is over; and back."""
    target = on.workload(database)
    dependents = [dependency for dependency in on.profile.dependencies if dependency.database == database]
    _observe(on, of, target, Loss.REFUSED, dependents, _scaled_down(on, target))


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
    away: AbstractContextManager[None],
) -> None:
    """Ask, take the database away for as long as `away` lasts, wait until all is as before."""
    _complete(on, dependents)
    with ExitStack() as stack:
        targets = [ask for dependent in dependents if dependent.outage(loss) for ask in _asks(on, dependent)]
        if targets:
            plan = {"targets": targets, "rate": RATE, "seconds": LONGEST}
            stack.enter_context(agent_running(on, of, "ask", plan))
            pause(BASELINE)
        on.mark(of, "database stopped", at=target.name)
        with away:
            _wait_out(on, loss, dependents)
            on.mark(of, "database started", at=target.name)
        with suppress(NotInTime):
            on.wait_ready(target, *(on.workload(dependent.workload) for dependent in dependents), within=90)
        if targets:
            pause(BASELINE)


@contextmanager
def _scaled_down(on: Deployed, database: Workload) -> Iterator[None]:
    on.patch(database, {"spec": {"replicas": 0}})
    try:
        yield
    finally:
        on.patch(database, {"spec": {"replicas": database.replicas}})


@contextmanager
def _faulty(on: Deployed, of: str, database: Workload, loss: Loss, faults: Faults) -> Iterator[None]:
    with ExitStack() as faulty:
        for pod in on.watches.pods_of(database.name):
            fault = faults.frozen(pod["uid"]) if loss is Loss.FROZEN else faults.black_holed(pod["ip"])
            faulty.enter_context(fault)
        on.mark(of, "database away", at=database.name)
        yield


def _greeted(on: Deployed, of: str, database: Workload, by: Dependency) -> AbstractContextManager[Any]:
    """Greet each pod of the database from a pod that may talk to it: the client, as a stranger, may not."""
    targets = [
        {"pod": pod["name"], "host": pod["ip"], "port": port.number, "timeout": PATIENCE}
        for pod in on.watches.pods_of(database.name)
        for port in database.ports[:1]
    ]
    plan = {"targets": targets, "rate": GREETINGS, "seconds": LONGEST}
    return agent_running(on, of, "greet", plan, pod=on.probe_in(on.workload(by.workload)))


def _complete(on: Deployed, dependents: list[Dependency]) -> None:
    """Wait for the pods that an autoscaler is still to add: who comes later is not asked."""
    for dependent in dependents:
        autoscaler = on.system.autoscaler_of(dependent.workload)
        least = autoscaler.minimum if autoscaler else 1
        enough = partial(_has_ready, on, dependent.workload, least)
        with suppress(NotInTime):
            wait_until(
                enough,
                within=60,
                hoping=f"{least} pods of {dependent.workload} are Ready",
                wake=on.watches.changed,
            )


def _has_ready(on: Deployed, workload: str, least: int) -> bool:
    return len(_ready_endpoints(on, workload)) >= least


def _has_left(on: Deployed, workload: str) -> bool:
    return not _ready_endpoints(on, workload)


def _wait_out(on: Deployed, loss: Loss, dependents: list[Dependency]) -> None:
    """Wait until all dependents left their Services, and until the loss has lasted as long as is promised."""
    lost = time.monotonic()
    for dependent in dependents:
        has_left = partial(_has_left, on, dependent.workload)
        with suppress(NotInTime):
            wait_until(
                has_left,
                within=dependent.within + 5,
                hoping=f"{dependent.workload} left its Services",
                wake=on.watches.changed,
            )
    lasts = [promise.lasts for dependent in dependents if (promise := dependent.outage(loss))]
    if loss is Loss.REFUSED:
        # The law about liveness needs a window in which a wrong probe would have had the time to restart the pod.
        lasts += [_liveness_window(on.workload(dependent.workload)) for dependent in dependents]
    pause(lost + max(lasts, default=0.0) - time.monotonic())


def _asks(on: Deployed, dependency: Dependency) -> list[dict[str, Any]]:
    """What each pod of a dependent is asked, by its own address: a Service without endpoints has nobody to ask."""
    workload, entry = on.workload(dependency.workload), on.profile.entry(dependency.workload)
    questions: list[tuple[str, str, int | str | None, dict[str, Any]]] = [
        ("liveness", probe.path, probe.port, {"method": "GET", "body": None, "headers": dict(probe.headers)})
        for probe in workload.probes("liveness")
        if probe.path
    ]
    if entry is not None and (service := on.system.service(entry.service)) is not None:
        request = {"method": entry.method, "body": entry.body, "headers": {}}
        questions.append(("request", entry.path, service.ports[0].target, request))
    return [
        {
            "question": question,
            "pod": pod["name"],
            "url": f"http://{pod['ip']}:{workload.port_number(port)}{path}",
            **request,
        }
        for pod in on.watches.pods_of(workload.name)
        for question, path, port, request in questions
    ]


def _ready_endpoints(on: Deployed, workload: str) -> set[str]:
    """Names of the workload's pods that any Service sends traffic to."""
    with on.watches.changed:
        mine = {pod["name"] for pod in on.watches.now["pod"].values() if pod["workload"] == workload}
        return {name for line in on.watches.now["endpoints"].values() for name in line["ready"]} & mine


def _liveness_window(workload: Workload) -> float:
    probes = workload.probes("liveness")
    return max((probe.period * (probe.failure_threshold + 1) + probe.timeout for probe in probes), default=30.0)
