"""
Every pod of a workload replaced, under requests that come whether or not they are answered.

The requests are sent by `traffic` (kubeproof.probe.traffic) in the client pod; each becomes a line `request`, which
kubeproof.checks.rollout judges. A marker stands before its deed: what the deed causes may be seen before the API
server's answer to it is.
"""

from datetime import UTC, datetime

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.streams import agent_running
from kubeproof.observe.waiting import NotInTime, wait_until

BASELINE = 2.0  # seconds of traffic before and after a rollout: the control that the path works at all
RATE = 25  # requests a second on each kind of connection
LONGEST_ROLLOUT = 300.0  # seconds; the sender stops by itself after this


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
            # The termination of the old pods is part of the rollout: `kubectl rollout status` returns before it.
            lambda: on.all_ready(workload) and not old & on.watches.now["pod"].keys(),
            within=LONGEST_ROLLOUT - 30,
            hoping=f"every pod of {workload.name} is replaced and the old ones are gone",
            wake=on.watches.changed,
        )
    except NotInTime as late:
        on.mark(of, "rollout stuck", at=workload.name, why=str(late))
    else:
        on.mark(of, "rollout done", at=workload.name)
