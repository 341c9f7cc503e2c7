"""Pods are replaced under requests: who is held, when the agent is told, when it is done once more, and how long."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from kubeproof.manifests.containers import Hook, Probe
from kubeproof.manifests.workloads import Strategy
from kubeproof.observe import deployed, rollout
from kubeproof.observe.rollout import DENSE, EARLY, START, UNKNOWN_SIGNAL, observe_rollout, patience
from kubeproof.observe.waiting import wait_until
from tests.helpers.shop import LEDGER, SHOP, SYSTEM
from tests.kubeproof.observe.copies import Copy

OF = "rollout:shop"
BUSY = [[1.0, 0.0]]


class Agents:
    """Agents that answer as a test says: what each was asked to do, what it was told, and what it says in the end."""

    def __init__(self, ends=()):
        self.started, self.told, self._ends = [], [], list(ends)
        self.deaf = threading.Event()

    @contextmanager
    def running(self, _on, _of, command, plan):
        self.started.append((command, plan))
        agent = Agent(self)
        yield agent
        if command == "hold" and self._ends:
            busy = self._ends.pop(0)
            uids = [pod["uid"] for pod in plan["pods"]]
            agent.heard += [{"kind": "held.end", "uid": uid, "at": 1.0, "how": "told", "busy": busy} for uid in uids]

    def plans(self, command):
        return [plan for started, plan in self.started if started == command]


class Agent(threading.Event):
    def __init__(self, agents):
        super().__init__()
        self._agents, self.heard = agents, []

    def tell(self, what):
        self._agents.told.append(what)


class Shop(Copy):
    """A copy whose cluster replaces pods as the test says, when the template is patched."""

    def __init__(self, folder, agents, **more):
        super().__init__(folder, self, **more)
        self.apps, self.agents, self.rolls = self, agents, 0
        self.does = self.replaces

    def patch_namespaced_deployment(self, *_):
        self.rolls += 1
        self.does()

    def replaces(self):
        """Each old pod is deleted, the agent is told of it, and new ones take their place."""
        with self.watches.changed:
            for uid, line in list(self.watches.now["pod"].items()):
                if line["workload"] == "shop":
                    self.keeps("pod", uid, {**line, "deleted": True})
        wait_until(lambda: len(self.agents.told) == 2 * self.rolls, within=5, hoping="the agent is told")
        self.runs(SHOP, 2, life=f"-{self.rolls}")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Observe a rollout of a shop with these agents; no wait is longer than a moment."""
    paused = []

    def make(*ends, does=None, **more):
        agents = Agents(ends)
        monkeypatch.setattr(rollout, "agent_running", agents.running)
        monkeypatch.setattr(rollout, "pause", paused.append)
        shop = Shop(tmp_path, agents, **more)
        shop.does = does or shop.replaces
        lines = shop.observed(observe_rollout, OF)
        return agents, [line for line in lines if line.kind == "marker"], paused

    return make


def test_each_old_pod_is_held_and_its_deletion_told_and_each_new_one_is_asked_in_the_end(made):
    agents, (started, done), _ = made(BUSY)
    assert (started.get("says"), started.get("at"), started.data["uids"]) == (
        "rollout started",
        "shop",
        ["shop-0", "shop-1"],
    )
    assert done.get("says") == "rollout done"
    held, asked = agents.plans("hold")
    assert held["pods"] == [
        {"pod": name, "uid": name, "url": f"http://ip-of-{name}:7000/"} for name in ("shop-0", "shop-1")
    ]
    assert [pod["uid"] for pod in asked["pods"]] == ["shop-0-1", "shop-1-1"]
    # Without a preStop hook the signal comes at once.
    assert sorted(told["uid"] for told in agents.told) == ["shop-0", "shop-1"]
    assert {(told["after"], told["for"], told["every"]) for told in agents.told} == {(0.0, DENSE, 0.0)}


@pytest.mark.parametrize(("ends", "rolls"), [([BUSY, BUSY], 1), ([[], BUSY], 2), ([[], []], 2)])
def test_pods_that_ended_with_nothing_under_way_are_replaced_once_more(made, ends, rolls):
    agents, markers, _ = made(*ends)
    assert [marker.get("says") for marker in markers] == ["rollout started", "rollout done"] * rolls
    assert len(agents.plans("traffic")) == 1, "requests are sent through all of it"
    assert len(agents.plans("hold")) == rolls + 1


def test_a_rollout_that_gets_stuck_is_not_tried_again(made, monkeypatch):
    def at_once(true, *, within, hoping, wake):  # noqa: ARG001  as wait_until is called
        wait_until(true, within=0.05, hoping=hoping, wake=wake)

    monkeypatch.setattr(deployed, "wait_until", at_once)
    _, markers, _ = made(BUSY, does=lambda: None)
    assert [marker.get("says") for marker in markers] == ["rollout started", "rollout stuck"]
    assert "every pod of shop is replaced" in markers[1].get("why")


@pytest.mark.parametrize(
    ("hook", "window"),
    [
        (Hook(15.0, "sleep 15 s"), (15.0 - EARLY, DENSE, 0.0)),
        (Hook(0.5, "sleep 0.5 s"), (0.0, DENSE, 0.0)),
        (Hook(99.0, "sleep 99 s"), (30.0 - EARLY, DENSE, 0.0)),
        (Hook(None, "wait-for-it"), (0.0, 30.0, UNKNOWN_SIGNAL)),
    ],
    ids=["sleeps", "sleeps briefly", "sleeps beyond its grace period", "does something"],
)
def test_requests_follow_at_once_around_the_moment_that_the_signal_comes(made, hook, window):
    sleeping = replace(SHOP, containers=(replace(SHOP.containers[0], pre_stop=hook),))
    agents, _, _ = made(BUSY, system=replace(SYSTEM, workloads=(sleeping, LEDGER)))
    assert {(told["after"], told["for"], told["every"]) for told in agents.told} == {window}


def test_requests_go_on_after_a_fast_rollout_until_they_are_enough(made):
    _, _, paused = made(BUSY)
    # 20 at 25 a second and the baseline, less what the rollout took.
    assert 2.0 <= paused[-1] <= 2.8


PROBED = replace(
    SHOP,
    grace_seconds=60,
    min_ready=5,
    containers=(
        replace(
            SHOP.containers[0], probes=(Probe("startup", "/", 7000, 2, 1, 30), Probe("readiness", "/", 7000, 5, 1, 2))
        ),
    ),
)
ONE_START = START + 60 + 10 + 5


@pytest.mark.parametrize(
    ("workload", "pods", "seconds"),
    [
        (replace(PROBED, strategy=Strategy(surge=1, unavailable=0)), 2, 2 * ONE_START + 60),
        (replace(PROBED, strategy=Strategy(surge=1, unavailable=0)), 100, 100 * ONE_START + 60),
        (replace(PROBED, strategy=Strategy(surge="25%", unavailable=0)), 100, 4 * ONE_START + 60),
        (replace(PROBED, strategy=Strategy(surge="25%", unavailable="25%")), 10, 2 * ONE_START + 60),
        (replace(PROBED, strategy=Strategy("Recreate")), 100, ONE_START + 60),
        (replace(PROBED, kind="StatefulSet"), 3, 3 * (ONE_START + 60)),
        (replace(PROBED, progress_deadline=1000), 2, 1060),
    ],
    ids=["two", "a hundred", "a quarter at a time", "five at a time", "all at once", "in order", "deadline"],
)
def test_a_rollout_has_time_in_proportion_to_its_pods(workload, pods, seconds):
    assert patience(workload, pods) == seconds
