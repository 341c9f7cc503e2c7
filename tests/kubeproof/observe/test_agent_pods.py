"""Containers with the agent ask for a share, are waited for as long as a pull may take, and not when it cannot end."""

from types import SimpleNamespace

import pytest

from kubeproof.observe import agent_pods
from kubeproof.observe.agent_pods import ASKS, OFFERS_LOAD, PROBE, NotStarted
from kubeproof.observe.waiting import NotInTime
from tests.helpers.shop import SHOP
from tests.kubeproof.observe.copies import NAMESPACE, Copy

RUNS = SimpleNamespace(running=True, waiting=None, terminated=None)


def waits(reason, message=None):
    return SimpleNamespace(running=None, terminated=None, waiting=SimpleNamespace(reason=reason, message=message))


def ended(reason, code):
    return SimpleNamespace(running=None, waiting=None, terminated=SimpleNamespace(reason=reason, exit_code=code))


class Core:
    """An API server that tells one state after the other of the agent's container, the last for good."""

    def __init__(self, *states, there=(), conditions=()):
        self.states, self.there, self.conditions = list(states), list(there), list(conditions)
        self.made, self.patched = [], []

    def create_namespaced_pod(self, namespace, body):
        self.made.append((namespace, body))

    def patch_namespaced_pod_ephemeralcontainers(self, name, namespace, body):
        self.patched.append((name, namespace, body))
        self.there.append(SimpleNamespace(name=PROBE))

    def read_namespaced_pod(self, name, _namespace):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        container = [SimpleNamespace(name=PROBE, state=state)] if state else None
        status = SimpleNamespace(
            phase="Pending",
            pod_ip="10.0.0.9",
            conditions=self.conditions,
            container_statuses=container,
            ephemeral_container_statuses=container,
        )
        return SimpleNamespace(
            metadata=SimpleNamespace(name=name, uid=f"uid-{name}"),
            spec=SimpleNamespace(ephemeral_containers=self.there),
            status=status,
        )


@pytest.fixture
def started(tmp_path, monkeypatch):
    """A copy of the system on a cluster that tells these states; nothing is waited for longer than a moment."""
    monkeypatch.setattr(agent_pods, "STARTED", 0.3)

    def copy(*states, **more):
        core = Core(*states, **more)
        return Copy(tmp_path, SimpleNamespace(core=core)).on, core

    return copy


def test_a_pod_of_ours_says_all_that_a_quota_asks_for(started):
    on, core = started(RUNS)
    found = on.start_pod("client", ["idle"])
    assert (found.name, found.uid, found.ip) == ("client", "uid-client", "10.0.0.9")
    [(namespace, body)] = core.made
    assert namespace == NAMESPACE
    [container] = body["spec"]["containers"]
    assert container["resources"] == ASKS.resources
    assert {side: sorted(asked) for side, asked in ASKS.resources.items()} == {
        "requests": ["cpu", "memory"],
        "limits": ["cpu", "memory"],
    }


def test_a_load_generator_asks_for_more(started):
    on, core = started(RUNS)
    on.start_pod("load", ["locust"], share=OFFERS_LOAD)
    assert core.made[0][1]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "200m"


def test_a_pull_that_takes_its_time_is_waited_for(started):
    on, _ = started(None, waits("ContainerCreating"), waits("ErrImagePull", "timed out"), RUNS)
    assert on.start_pod("client", ["idle"]).name == "client"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (waits("ImagePullBackOff", "Back-off pulling image"), "ImagePullBackOff: Back-off pulling image"),
        (waits("InvalidImageName"), "InvalidImageName"),
        (ended("OOMKilled", 137), "it ended: OOMKilled, exit code 137"),
    ],
    ids=["no such image", "no image's name", "ended"],
)
def test_what_will_not_run_is_not_waited_for(started, monkeypatch, state, why):
    monkeypatch.setattr(agent_pods, "STARTED", 1000.0)
    on, _ = started(state)
    with pytest.raises(NotStarted, match=f"the container {PROBE} in pod client does not run: {why}"):
        on.start_pod("client", ["idle"])


@pytest.mark.parametrize(
    ("state", "conditions", "last"),
    [
        (waits("ContainerCreating"), (), "ContainerCreating"),
        (None, (SimpleNamespace(status="False", message="0/3 nodes are available"),), "0/3 nodes are available"),
        (None, (), "its pod is Pending"),
    ],
    ids=["its container", "no node", "nothing said"],
)
def test_what_does_not_run_in_time_says_what_it_waits_for(started, state, conditions, last):
    on, _ = started(state, conditions=conditions)
    with pytest.raises(NotInTime, match=last):
        on.start_pod("client", ["idle"])


def test_a_second_look_into_a_pod_uses_the_container_that_is_there(started):
    on, core = started(RUNS)
    assert on.probe_in(SHOP, "shop-1") == on.probe_in(SHOP, "shop-1") == "shop-1"
    [(name, namespace, body)] = core.patched
    assert (name, namespace) == ("shop-1", NAMESPACE)
    [container] = body["spec"]["ephemeralContainers"]
    assert container["name"] == PROBE
    assert "resources" not in container  # the API refuses them here


def test_a_ready_pod_is_looked_from_before_another(started):
    on, _ = started(RUNS)
    on.watches.now["pod"]["shop-1"]["ready"] = True
    on.watches.now["pod"]["shop-0"]["ready"] = False
    assert on.probe_in(SHOP) == "shop-1"


def test_a_workload_without_a_pod_cannot_be_looked_from(started):
    on, _ = started(RUNS)
    on.watches.now["pod"].clear()
    with pytest.raises(LookupError, match="shop has no pod"):
        on.probe_in(SHOP)
