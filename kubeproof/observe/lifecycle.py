"""
Observations that deploy, restart or replace workloads, and write down what happens meanwhile.

A marker stands before its deed: what the deed causes may be seen before the API server's answer to it is.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from conformance.declared.workloads import Workload
from conformance.observe.journeys import walk_settled
from conformance.observe.streams import agent_running
from conformance.observe.system import Deployed, promised
from conformance.observe.waiting import NotInTime, wait_until

BASELINE = 2.0  # seconds of traffic before and after a rollout: the control that the path works at all
RATE = 25  # requests a second on each kind of connection
LONGEST_ROLLOUT = 300.0  # seconds; the sender stops by itself after this


def observe_deploy(on: Deployed, of: str, documents: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """
    Apply the manifests and watch until every workload is available or its progress deadline is over.

    Gives the names of the objects that were there before and no run's, and were left alone.
    """
    on.mark(of, "applied")
    left = on.apply(documents)
    for what in left:
        on.mark(of, "left alone", at=what)
    for workload in on.system.workloads:
        # Too late is evidence, not an error: the judge says so from the lines.
        with suppress(NotInTime):
            on.wait_ready(workload, within=workload.progress_deadline)
    return left


def observe_restart(on: Deployed, of: str, name: str) -> None:
    """Write by a journey, delete a pod of the workload, wait until it is back, read by a journey."""
    workload = on.workload(name)
    persists = promised(on.profile.persist(name), f"promise that {name} persists")
    saved = walk_settled(on, of, persists.write)
    pod = on.watches.pods_of(name)[0]
    on.mark(of, "pod deleted", at=pod["name"], uid=pod["uid"])
    on.cluster.core.delete_namespaced_pod(pod["name"], on.namespace)
    wait_until(
        lambda: any(each["uid"] != pod["uid"] and each["ready"] for each in on.watches.pods_of(name)),
        within=120,
        hoping=f"a new pod of {name} is Ready",
        wake=on.watches.changed,
    )
    on.wait_ready(workload, *(each for each in on.system.workloads if each is not workload), within=60)
    back = next(each for each in on.watches.pods_of(name) if each["uid"] != pod["uid"])
    on.mark(of, "pod back", at=back["name"], uid=back["uid"])
    walk_settled(on, of, persists.read, saved)


def observe_rollout(on: Deployed, of: str, name: str) -> None:
    """Replace every pod of a workload under open-loop requests on new and on reused connections."""
    workload = on.workload(name)
    entry = promised(on.profile.entry(name), f"entry of {name}")
    request = {"method": entry.method, "url": on.url(entry.service, entry.path), "body": entry.body}
    plan = {**request, "rate": RATE, "seconds": LONGEST_ROLLOUT}
    with agent_running(on, of, "traffic", plan) as done:
        done.wait(BASELINE)
        _roll(on, of, workload)
        done.wait(BASELINE)


def _roll(on: Deployed, of: str, workload: Workload) -> None:
    old = {pod["uid"] for pod in on.watches.pods_of(workload.name)}
    stamp = {"kubeproof.dev/rolled": datetime.now(UTC).isoformat()}
    on.mark(of, "rollout started", at=workload.name)
    on.patch(workload, {"spec": {"template": {"metadata": {"annotations": stamp}}}})
    try:
        wait_until(
            # The old pods' goodbye is part of the rollout: `kubectl rollout status` returns before it.
            lambda: on.all_ready(workload) and not old & on.watches.now["pod"].keys(),
            within=LONGEST_ROLLOUT - 30,
            hoping=f"every pod of {workload.name} is replaced and the old ones are gone",
            wake=on.watches.changed,
        )
    except NotInTime as late:
        on.mark(of, "rollout stuck", at=workload.name, why=str(late))
    else:
        on.mark(of, "rollout done", at=workload.name)
