"""A database is taken away after a marker, kept away as long as is promised, and given back whatever happens."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from kubeproof.observe import outage
from kubeproof.observe.applying import Owner
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime
from tests.helpers.shop import PROFILE, SYSTEM

LIVENESS_WINDOW = 21.0  # of the shop's probe: every 5 s, three failures and one more, 1 s for an answer


@dataclass
class Stage:
    """What is done to the system, in order. `on` has a ready shop of two pods and a ledger; `now` are seconds."""

    done: list[str] = field(default_factory=list)
    plans: dict[str, dict] = field(default_factory=dict)
    endpoints: dict = field(
        default_factory=lambda: {
            "shop": {"ready": ["shop-a", "shop-b"], "serving": ["shop-a", "shop-b"]},
            "ledger": {"ready": ["ledger-0"], "serving": ["ledger-0"]},
        }
    )
    pods: dict = field(
        default_factory=lambda: {
            name: {"name": name, "workload": name[:-2], "uid": f"uid-{name}", "ip": f"10.0.0.{place}", "deleted": False}
            for place, name in enumerate(("shop-a", "shop-b", "ledger-0"))
        }
    )
    lingers: bool = False
    heard_of: tuple = ("uid-shop-a", "uid-shop-b")
    marks: list[dict] = field(default_factory=list)
    now: float = 0.0
    interrupted_after: float = 1000.0

    @property
    def on(self):
        pods = self.pods
        watches = SimpleNamespace(
            now={"pod": pods, "endpoints": self.endpoints},
            changed=threading.Condition(threading.RLock()),
            pods_of=lambda workload: [pod for pod in pods.values() if pod["workload"] == workload],
        )
        return Staged(
            cluster=self,
            recorder=SimpleNamespace(line=self.line),
            watches=watches,
            system=SYSTEM,
            profile=PROFILE,
            manifests=Path(),
            owner=Owner("1", "run-1", "u-1"),
            probe_image="probe",
            faults=self,
        )

    @property
    def core(self):
        return SimpleNamespace(list_namespaced_event=lambda _: SimpleNamespace(items=self.events()))

    def events(self):
        """Old ones of a pod that was starting, and from the loss on those of who is heard of."""
        uids = ["uid-shop-a", *(self.heard_of if "marker: database stopped" in self.done else ())]
        return [
            SimpleNamespace(
                reason="Unhealthy",
                involved_object=SimpleNamespace(uid=uid),
                metadata=SimpleNamespace(resource_version=str(place)),
            )
            for place, uid in enumerate(uids)
        ]

    def line(self, of, kind, **fields):
        assert of
        self.marks.append(fields)
        self.done.append(f"{kind}: {fields['says']}")

    @contextmanager
    def agent_running(self, _on, _of, command, plan, *, pod="client"):
        self.plans[command] = plan
        self.done.append(f"{command} from {pod}")
        yield
        self.done.append(f"no more {command}")

    @contextmanager
    def _fault(self, fault):
        self.endpoints["shop"]["ready"].clear()
        self.done.append(fault)
        try:
            yield
        finally:
            self.done.append(f"no more {fault}")

    def frozen(self, pod):
        return self._fault(f"frozen {pod}")

    def black_holed(self, address):
        return self._fault(f"black-holed {address}")

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if self.now > self.interrupted_after:
            raise KeyboardInterrupt


class Staged(Deployed):
    """A deployed system whose cluster is the stage."""

    def patch(self, workload, body):
        self.cluster.endpoints["shop"]["ready"].clear()
        if not body["spec"]["replicas"] and not self.cluster.lingers:
            self.cluster.pods.pop("ledger-0")
            self.cluster.endpoints["ledger"]["serving"].clear()
        self.cluster.done.append(f"{workload.name} x {body['spec']['replicas']}")

    def probe_in(self, workload):
        return f"a pod of {workload.name}"

    def wait_ready(self, *workloads, within):
        names = ", ".join(workload.name for workload in workloads)
        self.cluster.done.append(f"waited for {names} within {within:.0f}")


@pytest.fixture
def stage(monkeypatch):
    stage = Stage()
    monkeypatch.setattr(outage, "time", stage)
    monkeypatch.setattr(outage, "pause", stage.sleep)
    monkeypatch.setattr(outage, "agent_running", stage.agent_running)
    return stage


def test_a_database_that_refuses_is_scaled_to_nothing_and_back(stage):
    outage.observe_refused(stage.on, "outage:ledger", "ledger")
    assert stage.done == [
        "ask from client",
        "marker: database stopped",
        "ledger x 0",
        "marker: database away",
        "marker: database started",
        "ledger x 1",
        "waited for ledger within 60",
        "waited for shop within 15",
        "no more ask",
    ]
    # Long enough for a wrong liveness probe, which is longer than the profile promises.
    assert stage.now == outage.BASELINE + LIVENESS_WINDOW + outage.BASELINE


def test_the_marker_says_which_pods_the_deed_will_disturb(stage):
    outage.observe_refused(stage.on, "outage:ledger", "ledger")
    assert {"says": "database stopped", "at": "ledger", "uids": ["uid-ledger-0"]} in stage.marks


def test_a_database_that_does_not_stop_is_not_waited_for_and_not_marked_as_away(stage, monkeypatch):
    stage.lingers = True

    def never(*_, hoping, within, **__):
        stage.now += within
        raise NotInTime(hoping, within)

    monkeypatch.setattr(outage, "wait_until", never)
    outage.observe_refused(stage.on, "outage:ledger", "ledger")
    assert stage.done[1:5] == ["marker: database stopped", "ledger x 0", "marker: database started", "ledger x 1"]
    assert stage.now == outage.BASELINE + outage.STOPS_WITHIN + outage.BASELINE


@pytest.mark.parametrize("left", ["pods", "endpoints"])
def test_a_database_is_away_once_its_pods_and_its_endpoints_are_gone(stage, left):
    services = ["ledger"]
    assert not outage._is_gone(stage.on, "ledger", services)
    if left == "pods":
        stage.endpoints["ledger"]["serving"].clear()
    else:
        del stage.pods["ledger-0"]
    assert not outage._is_gone(stage.on, "ledger", services)


def test_who_may_have_been_killed_unheard_is_watched_until_it_would_have_restarted(stage):
    stage.heard_of = ("uid-shop-b",)
    outage.observe_refused(stage.on, "outage:ledger", "ledger")
    # 30 s are its grace; BASELINE of asks is among them.
    assert stage.now == outage.BASELINE + LIVENESS_WINDOW + 30 + outage.SOON + outage.BASELINE


def test_a_frozen_database_is_greeted_before_while_and_after_it_is(stage):
    outage.observe_frozen(stage.on, "frozen:ledger", "ledger")
    assert stage.done == [
        "greet from a pod of shop",
        "ask from client",
        "marker: database stopped",
        "frozen uid-ledger-0",
        "marker: database away",
        "marker: database started",
        "no more frozen uid-ledger-0",
        "waited for ledger within 60",
        "waited for shop within 15",
        "no more ask",
        "no more greet",
    ]
    (target,) = stage.plans["greet"]["targets"]
    assert (target["pod"], target["host"], target["port"]) == ("ledger-0", "10.0.0.2", 7001)
    assert stage.now == outage.BASELINE + 20.0 + outage.BASELINE


def test_a_black_hole_is_for_the_address_of_the_database(stage):
    outage.observe_black_holed(stage.on, "black-holed:ledger", "ledger")
    assert stage.done.index("black-holed 10.0.0.2") < stage.done.index("no more black-holed 10.0.0.2")


def test_every_pod_is_asked_as_the_kubelet_asks_and_as_a_client_does(stage):
    outage.observe_frozen(stage.on, "frozen:ledger", "ledger")
    asked = [tuple(target[field] for field in ("question", "uid", "url")) for target in stage.plans["ask"]["targets"]]
    assert asked == [
        ("liveness", "uid-shop-a", "http://10.0.0.0:7000/"),
        ("request", "uid-shop-a", "http://10.0.0.0:7000/"),
        ("liveness", "uid-shop-b", "http://10.0.0.1:7000/"),
        ("request", "uid-shop-b", "http://10.0.0.1:7000/"),
    ]


def test_a_pod_with_an_address_of_version_6_is_asked_at_it(stage):
    stage.pods["shop-a"]["ip"] = "fd00::7"
    outage.observe_frozen(stage.on, "frozen:ledger", "ledger")
    assert stage.plans["ask"]["targets"][0]["url"] == "http://[fd00::7]:7000/"


@pytest.mark.parametrize("observe", [outage.observe_frozen, outage.observe_black_holed])
def test_where_nobody_lets_us_at_the_node_nothing_is_done(stage, observe):
    observe(replace(stage.on, faults=None), "frozen:ledger", "ledger")
    (need,) = stage.done
    assert need.startswith("need: only the embedded cluster")


@pytest.mark.parametrize(
    ("observe", "back"),
    [
        (outage.observe_refused, "ledger x 1"),
        (outage.observe_frozen, "no more frozen uid-ledger-0"),
        (outage.observe_black_holed, "no more black-holed 10.0.0.2"),
    ],
)
def test_the_database_comes_back_when_the_run_is_interrupted(stage, observe, back):
    stage.interrupted_after = outage.BASELINE + 1
    with pytest.raises(KeyboardInterrupt):
        observe(stage.on, "outage:ledger", "ledger")
    assert back in stage.done
    assert "marker: database started" not in stage.done


def test_a_fault_that_cannot_be_had_is_not_marked_as_there(stage, monkeypatch):
    def refuse(_uid):
        raise OSError("no freezer here")

    monkeypatch.setattr(stage, "frozen", refuse, raising=False)
    with pytest.raises(OSError, match="no freezer here"):
        outage.observe_frozen(stage.on, "frozen:ledger", "ledger")
    assert "marker: database away" not in stage.done


def test_dependents_that_never_leave_do_not_keep_the_database_away(stage, monkeypatch):
    def never(*_, hoping, within, **__):
        raise NotInTime(hoping, within)

    monkeypatch.setattr(outage, "wait_until", never)
    outage.observe_frozen(stage.on, "frozen:ledger", "ledger")
    assert "no more frozen uid-ledger-0" in stage.done
    assert stage.now == outage.BASELINE + 20.0 + outage.BASELINE
