"""
Observations that deploy, restart, starve or replace workloads, and write down what happens meanwhile.

A marker stands before its deed: what the deed causes may be seen before the API server's answer to it is.
"""

import json
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from conformance.declared.objects import Workload
from conformance.observe.journeys import settle, walk, write
from conformance.observe.system import AGENT, CLIENT, Deployed
from conformance.observe.waiting import NotInTime, wait_until

BASELINE = 2.0  # seconds of traffic before and after a rollout: the control that the path works at all
RATE = 25  # requests a second on each kind of connection
LONGEST_ROLLOUT = 300.0  # seconds; the sender stops by itself after this


def observe_deploy(on: Deployed, of: str, documents: Iterable[dict[str, Any]]) -> None:
    """Apply the manifests and watch until every workload is available or its progress deadline is over."""
    on.mark(of, "applied")
    on.cluster.apply(documents)
    for workload in on.system.workloads:
        # Too late is evidence, not an error: the judge says so from the lines.
        with suppress(NotInTime):
            on.wait_ready(workload, within=workload.progress_deadline)


def observe_outage(on: Deployed, of: str, database: str) -> None:
    """Stop a database, watch until its dependents left their Services and a liveness window is over; start it again."""
    target = on.workload(database)
    dependents = [each for each in on.profile.depends if each.database == database]
    on.mark(of, "database stopped", at=database)
    on.patch(target, {"spec": {"replicas": 0}})
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
    time.sleep(max(0.0, stopped + window - time.monotonic()))
    on.mark(of, "database started", at=database)
    on.patch(target, {"spec": {"replicas": target.replicas}})
    with suppress(NotInTime):
        on.wait_ready(target, *(on.workload(each.workload) for each in dependents), within=90)


def observe_restart(on: Deployed, of: str, name: str) -> None:
    """Write by a journey, delete a pod of the workload, wait until it is back, read by a journey."""
    workload = on.workload(name)
    persists = on.profile.persist(name)
    saved = write(on, of, persists.write)
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
    settle(on, of, persists.read, saved)
    walk(on, of, persists.read, saved)


def observe_rollout(on: Deployed, of: str, name: str) -> None:
    """Replace every pod of a workload under open-loop requests on new and on reused connections."""
    workload = on.workload(name)
    entry = on.profile.entry(name)
    plan = {"url": on.url(entry.service, entry.path), "rate": RATE, "seconds": LONGEST_ROLLOUT}
    command = [*AGENT, "traffic", json.dumps(plan)]
    with on.cluster.streaming(on.namespace, CLIENT, "probe", command) as sender:
        done = threading.Event()
        reading = threading.Thread(target=_keep_ledger, args=(on, of, sender, done))
        reading.start()
        try:
            done.wait(BASELINE)
            _roll(on, of, workload)
            done.wait(BASELINE)
        finally:
            sender.write_stdin("stop\n")
            reading.join(timeout=30)


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


def _keep_ledger(on: Deployed, of: str, sender: Any, done: threading.Event) -> None:
    """Append each of the sender's lines as it comes; a connection that breaks leaves a ledger without its end."""
    rest = ""
    while sender.is_open():
        sender.update(timeout=1)
        if not sender.peek_stdout():
            continue
        *lines, rest = (rest + sender.read_stdout()).split("\n")
        for line in lines:
            fields = json.loads(line)
            on.recorder.line(of, fields.pop("kind"), **fields)
    done.set()


def _ready_endpoints(on: Deployed, workload: str) -> set[str]:
    """Names of the workload's pods that any Service sends traffic to."""
    with on.watches.changed:
        mine = {pod["name"] for pod in on.watches.now["pod"].values() if pod["workload"] == workload}
        return {name for each in on.watches.now["endpoints"].values() for name in each["ready"]} & mine


def _liveness_window(workload: Workload) -> float:
    probes = [probe for each in workload.containers for probe in each.probes if probe.kind == "liveness"]
    return max((probe.period * (probe.failure_threshold + 1) + probe.timeout for probe in probes), default=30.0)
