"""A database is taken away and given back, while its dependents are watched and asked."""

import time
from contextlib import ExitStack, suppress
from typing import Any

from conformance.declared.intent import Depend
from conformance.declared.workloads import Workload
from conformance.observe.streams import agent_running
from conformance.observe.system import Deployed
from conformance.observe.waiting import NotInTime, wait_until

BASELINE = 3.0  # seconds of asks before the outage, the control that they are answered at all, and after it
RATE = 5  # asks a second, of each pod and question
LONGEST = 900.0  # seconds; the asking agent stops by itself after this


def observe_outage(on: Deployed, of: str, database: str) -> None:
    """Stop a database, watch until its dependents left their Services and a liveness window is over; start it again."""
    target = on.workload(database)
    dependents = [each for each in on.profile.depends if each.database == database]
    _complete(on, dependents)
    with ExitStack() as stack:
        targets = [ask for each in dependents if each.outage for ask in _asks(on, each)]
        if targets:
            plan = {"targets": targets, "rate": RATE, "seconds": LONGEST}
            stack.enter_context(agent_running(on, of, "ask", plan))
            time.sleep(BASELINE)
        _take_away(on, of, target, dependents)
        on.mark(of, "database started", at=database)
        on.patch(target, {"spec": {"replicas": target.replicas}})
        with suppress(NotInTime):
            on.wait_ready(target, *(on.workload(each.workload) for each in dependents), within=90)
        if targets:
            time.sleep(BASELINE)


def _complete(on: Deployed, dependents: list[Depend]) -> None:
    """Wait for the pods that an autoscaler is still to add: who comes later is not asked."""
    for each in dependents:
        autoscaler = on.system.autoscaler_of(each.workload)
        least = autoscaler.minimum if autoscaler else 1
        with suppress(NotInTime):
            wait_until(
                lambda name=each.workload, least=least: len(_ready_endpoints(on, name)) >= least,
                within=60,
                hoping=f"{least} pods of {each.workload} are Ready",
                wake=on.watches.changed,
            )


def _take_away(on: Deployed, of: str, database: Workload, dependents: list[Depend]) -> None:
    on.mark(of, "database stopped", at=database.name)
    on.patch(database, {"spec": {"replicas": 0}})
    stopped = time.monotonic()
    for each in dependents:
        with suppress(NotInTime):
            wait_until(
                lambda each=each: not _ready_endpoints(on, each.workload),
                within=each.within + 5,
                hoping=f"{each.workload} left its Services",
                wake=on.watches.changed,
            )
    # The law about liveness needs a window in which a wrong probe would have had the time to restart the pod.
    window = max((_liveness_window(on.workload(each.workload)) for each in dependents), default=0)
    lasts = max((each.outage.lasts for each in dependents if each.outage), default=0)
    time.sleep(max(0.0, stopped + max(window, lasts) - time.monotonic()))


def _asks(on: Deployed, depend: Depend) -> list[dict[str, Any]]:
    """What each pod of a dependent is asked, by its own address: a Service without endpoints has nobody to ask."""
    workload, entry = on.workload(depend.workload), on.profile.entry(depend.workload)
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
        return {name for each in on.watches.now["endpoints"].values() for name in each["ready"]} & mine


def _liveness_window(workload: Workload) -> float:
    probes = workload.probes("liveness")
    return max((probe.period * (probe.failure_threshold + 1) + probe.timeout for probe in probes), default=30.0)
