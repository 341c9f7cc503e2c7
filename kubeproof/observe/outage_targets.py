"""Who is asked what while a database is away: each pod of its dependents, by its own address."""

from contextlib import suppress
from functools import partial
from typing import Any

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime, wait_until
from kubeproof.profile.intent import Dependency


def complete(on: Deployed, dependents: list[Dependency]) -> None:
    """Wait for the pods that an autoscaler is still to add: who comes later is not asked."""
    for dependent in dependents:
        workload, autoscaler = on.workload(dependent.workload), on.system.autoscaler_of(dependent.workload)
        least = autoscaler.minimum if autoscaler else 1
        with suppress(NotInTime):
            wait_until(
                partial(_has_ready, on, workload, least),
                within=workload.progress_deadline,
                hoping=f"{least} pods of {workload.name} are Ready",
                wake=on.watches.changed,
            )


def _has_ready(on: Deployed, workload: Workload, least: int) -> bool:
    """Whether so many pods are Ready, or never will be."""
    return len(ready_endpoints(on, workload.name)) >= least or on.hopeless(workload)


def asks_of(on: Deployed, dependency: Dependency) -> list[dict[str, Any]]:
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
            "uid": pod["uid"],
            "url": f"http://{_host(pod['ip'])}:{workload.port_number(port)}{path}",
            **request,
        }
        for pod in on.watches.pods_of(workload.name)
        for question, path, port, request in questions
    ]


def _host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def ready_endpoints(on: Deployed, workload: str) -> set[str]:
    """Names of the workload's pods that any Service sends traffic to."""
    with on.watches.changed:
        mine = {pod["name"] for pod in on.watches.now["pod"].values() if pod["workload"] == workload}
        return {name for line in on.watches.now["endpoints"].values() for name in line["ready"]} & mine
