"""
Every pod of a workload replaced, under requests that come whether or not they are answered.

In the client pod `traffic` (kubeproof.probe.traffic) sends requests through the Service at a rate, and `hold`
(kubeproof.probe.holding) holds connections to each old pod, on which requests are under way when it is told to end.
Each line becomes one of the evidence, which kubeproof.checks.rollout judges. A marker stands before its deed: what the
deed causes may be seen before the API server's answer to it is.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from kubeproof.evidence.held import exercised
from kubeproof.manifests.quantities import share
from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.streams import LAST_WORDS, Agent, agent_running
from kubeproof.observe.waiting import NotInTime, pause

BASELINE = 2.0  # seconds of traffic before and after a rollout: the control that the path works at all
RATE = 25  # requests a second on each kind of connection
LONGEST_TAIL = 120.0  # seconds for which requests are sent after a rollout that was too fast for enough of them
ROLLOUTS = 2  # at most: a second one where a pod ended with no request under way
START = 60.0  # seconds for a pod to be scheduled, its image pulled and its containers started, beside its own probes
# Requests a second on each held connection until its pod is told to end, and on all of them together.
HELD_RATE, ALL_HELD = 1.5, 60.0
EARLY = 1.5  # seconds before a pod is told to end from which on requests follow one another at once
DENSE = 6.0  # seconds for which they do: what loads two cores is kept short
UNKNOWN_SIGNAL = 0.02  # seconds between requests where nobody can tell when the signal comes, all the grace period long

Pod = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked while pods are replaced: the entry's request, and where at a pod's own address."""

    workload: Workload
    method: str
    url: str
    body: Any
    path: str
    port: int

    @property
    def request(self) -> dict[str, Any]:
        """The request to the Service, as the agent takes it."""
        return {"method": self.method, "url": self.url, "body": self.body}

    def of_each(self, pods: Sequence[Pod]) -> dict[str, Any]:
        """A plan to hold connections to each of these pods."""
        each = [
            {"pod": pod["name"], "uid": pod["uid"], "url": f"http://{pod['ip']}:{self.port}{self.path}"} for pod in pods
        ]
        return {"pods": each, "method": self.method, "body": self.body}


def observe_rollout(on: Deployed, of: str, name: str) -> None:
    """Replace every pod of a workload under requests on new and reused connections, and on ones held to each pod."""
    workload, entry = on.workload(name), promised(on.profile.entry(name), f"entry of {name}")
    service = promised(on.system.service(entry.service), f"Service {entry.service}")
    port = workload.port_number(service.ports[0].target)
    asked = Asked(workload, entry.method, on.url(entry.service, entry.path), entry.body, entry.path, port)
    within = patience(workload, len(on.uids_of(workload)))
    seconds = 3 * BASELINE + ROLLOUTS * (within + LAST_WORDS) + LONGEST_TAIL
    with agent_running(on, of, "traffic", {**asked.request, "rate": RATE, "seconds": seconds}):
        pause(BASELINE)
        began = time.monotonic()
        for _ in range(ROLLOUTS):
            if _roll(on, of, asked, within) is not False:
                break
        _ask_each(on, of, asked)
        enough = on.profile.rollout.minimum_requests / RATE + BASELINE
        pause(max(BASELINE, min(LONGEST_TAIL, began + enough - time.monotonic())))


def patience(workload: Workload, pods: int) -> float:
    """
    Seconds for a rollout of so many pods: those that their starts may take, a few at a time, and the last grace period.

    A start is START, what its probes allow, and minReadySeconds. A Deployment replaces as many at a time as surge and
    unavailable allow, and waits for the end of none; a StatefulSet replaces one after the other, and waits for its end.
    At least progressDeadlineSeconds.
    """
    probes = [*workload.probes("startup"), *workload.probes("readiness")]
    start = START + sum(probe.initial_delay + probe.period * probe.failure_threshold for probe in probes)
    start += workload.min_ready
    if workload.kind != "Deployment":
        return max(workload.progress_deadline, pods * (start + workload.grace_seconds))
    surge = share(workload.strategy.surge, pods, up=True) or 0
    unavailable = share(workload.strategy.unavailable, pods, up=False) or 0
    at_once = pods if workload.strategy.kind == "Recreate" else max(1, surge + unavailable)
    return max(workload.progress_deadline, ceil(pods / at_once) * start) + workload.grace_seconds


def _roll(on: Deployed, of: str, asked: Asked, within: float) -> bool | None:
    """Roll once; whether requests were under way at each pod's end, None where the rollout did not complete."""
    workload = asked.workload
    old = on.watches.pods_of(workload.name)
    plan = {**asked.of_each(old), "rate": _held_rate(len(old)), "seconds": within + 3 * BASELINE}
    with agent_running(on, of, "hold", plan) as agent:
        pause(BASELINE)
        uids = on.uids_of(workload)
        on.mark(of, "rollout started", at=workload.name, uids=uids)
        with _told_of_deletions(on, agent, set(uids), _window(asked)):
            stamp = {"kubeproof.dev/rolled": datetime.now(UTC).isoformat()}
            on.patch(workload, {"spec": {"template": {"metadata": {"annotations": stamp}}}})
            try:
                # The termination of the old pods is part of it: `kubectl rollout status` returns before.
                on.wait_replaced(workload, uids, within=within)
            except NotInTime as late:
                on.mark(of, "rollout stuck", at=workload.name, why=str(late))
                return None
        on.mark(of, "rollout done", at=workload.name)
    ends = [line for line in agent.heard if line["kind"] == "held.end"]
    return all(exercised(end for end in ends if end["uid"] == uid) for uid in uids)


def _held_rate(pods: int) -> float:
    return min(HELD_RATE, ALL_HELD / max(1, pods))


def _window(asked: Asked) -> dict[str, float]:
    """When, after its deletion was seen, a pod is asked often, and how: around the moment that it is told to end."""
    signal = asked.workload.signalled_after(asked.port)
    if signal is None:
        return {"after": 0.0, "for": asked.workload.grace_seconds, "every": UNKNOWN_SIGNAL}
    return {"after": max(0.0, signal - EARLY), "for": DENSE, "every": 0.0}


@contextmanager
def _told_of_deletions(on: Deployed, agent: Agent, uids: set[str], window: dict[str, float]) -> Iterator[None]:
    """Tell the agent of each of the pods as soon as its deletion is seen."""
    over = threading.Event()

    def follow() -> None:
        left = set(uids)
        while left and not over.is_set():
            with on.watches.changed:
                now = on.watches.now["pod"]
                deleted = {uid for uid in left if uid not in now or now[uid]["deleted"]}
                if not deleted:
                    on.watches.changed.wait(1.0)
                    continue
            left -= deleted
            for uid in deleted:
                agent.tell({"uid": uid, **window})

    following = threading.Thread(target=follow)
    following.start()
    try:
        yield
    finally:
        over.set()
        with on.watches.changed:
            on.watches.changed.notify_all()
        following.join()


def _ask_each(on: Deployed, of: str, asked: Asked) -> None:
    """Ask each pod that is there now by its own address: where answers do not say whose they are, these do."""
    pods = on.watches.pods_of(asked.workload.name)
    plan = {**asked.of_each(pods), "rate": _held_rate(len(pods)), "seconds": BASELINE}
    with agent_running(on, of, "hold", plan) as agent:
        agent.wait(BASELINE / 2)
