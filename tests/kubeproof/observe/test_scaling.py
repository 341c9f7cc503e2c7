"""A load is offered once the autoscaler rests, marked once it is answered, and taken away whatever happens."""

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException

from kubeproof.observe import scaling
from kubeproof.observe.applying import Owner
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime
from tests.helpers.shop import PROFILE, SYSTEM

OF = "scaling:shop"
FAILING = {"kind": "load", "requests": 5, "failures": 5, "users": 20, "cpu": 0.0}
FEW = {"kind": "load", "requests": 9, "failures": 5, "users": 19, "cpu": 0.0}
ANSWERED = {"kind": "load", "requests": 50, "failures": 5, "users": 20, "cpu": 0.0}
AT_REST = {"name": "shop", "target": "shop", "desired": 2, "cpu": 20, "memory": 40}


@dataclass
class Stage:
    """A cluster in which a load makes the shop grow, and the lines of it in order."""

    says: list = field(default_factory=lambda: [FAILING, FEW, ANSWERED])
    lines: list = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    metrics: object = None

    def __post_init__(self):
        pods = [{"name": f"shop-{n}", "workload": "shop", "uid": n, "ready": True, "deleted": False} for n in range(4)]
        self.now = {"autoscaler": {"shop": dict(AT_REST)}, "workload": {"shop": {"ready": 4}}}
        self.watches = SimpleNamespace(
            now=self.now, changed=threading.Condition(threading.RLock()), pods_of=lambda _: pods
        )
        self.on = Staged(self, SimpleNamespace(line=self.line), self.watches, SYSTEM, PROFILE, Path(), OWNER, "probe")
        self.core, self.custom = Core(self), Custom(self)

    def own_client(self):
        return self

    def skew(self):
        return 1.0, 2.0

    def line(self, of, kind, **fields):
        assert of == OF
        self.lines.append((kind, fields))
        if fields.get("says") == "load started":
            self.now["autoscaler"]["shop"]["desired"] = 4

    def said(self, kind):
        return [fields for found, fields in self.lines if found == kind]


OWNER = Owner("1", "run-1", "u-1")


class Staged(Deployed):
    """A deployed system whose cluster is the stage."""

    def start_pod(self, name, command, **more):
        self.cluster.line(OF, "started", pod=name, command=command, **more)


class Core:
    """The log of the load, which ends with its pod."""

    def __init__(self, stage):
        self._stage = getattr(stage, "_stage", stage)

    def read_namespaced_pod_log(self, *_, **__):
        yield b"no line of ours\n"
        for said in self._stage.says:
            yield json.dumps(said).encode()
        self._stage.stopped.wait(10)

    def delete_namespaced_pod(self, name, *_, **__):
        self._stage.line(OF, "deleted", pod=name)
        self._stage.stopped.set()


class Custom:
    """The metrics API: a sample of each pod, ten seconds old, or what the stage has instead."""

    def __init__(self, stage):
        self._stage = stage

    def list_namespaced_custom_object(self, *_, **__):
        if isinstance(self._stage.metrics, Exception) and threading.current_thread() is not threading.main_thread():
            raise self._stage.metrics
        at = datetime.now(UTC) - timedelta(seconds=10)
        sample = {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"items": [{"metadata": {"name": name}, **sample} for name in ("shop-0", "shop-1", "other-0")]}


@pytest.fixture
def stage(monkeypatch):
    stage = Stage()
    monkeypatch.setattr(scaling, "ASKED", 0.01)
    monkeypatch.setattr(scaling, "DECIDED", 0.2)
    monkeypatch.setattr(scaling, "STARTED", 0.3)
    return stage


def test_the_load_is_said_to_have_started_once_all_users_ask_and_are_answered(stage):
    scaling.observe_scaling(stage.on, OF, "shop")
    kinds = [fields.get("says", kind) for kind, fields in stage.lines if kind not in ("metrics", "need")]
    assert kinds == ["started", "load", "load", "load", "load started", "load ended", "deleted"]


def test_the_generator_is_told_what_the_profile_says(stage):
    scaling.observe_scaling(stage.on, OF, "shop")
    (started,) = stage.said("started")
    command = " ".join(started["command"])
    assert "--host http://shop:80 --users 20 --spawn-rate 20" in command
    assert started["env"] == {"KUBEPROOF_PATH": "/", "KUBEPROOF_JSON": "1"}


def test_metrics_are_those_of_the_workload_and_as_old_as_they_may_be(stage):
    scaling.observe_scaling(stage.on, OF, "shop")
    line = stage.said("metrics")[0]
    assert (line["workload"], line["pods"], line["error"]) == ("shop", ["shop-0", "shop-1"], None)
    # Ten seconds, two that the API server may be ahead, and less than one that a timestamp leaves out.
    assert 12.0 <= line["oldest"] <= 14.0


def test_metrics_that_fail_are_lines_too(stage):
    stage.metrics = ApiException(status=503, reason="Service Unavailable")
    scaling.observe_scaling(stage.on, OF, "shop")
    line = stage.said("metrics")[0]
    assert (line["pods"], line["oldest"]) == ([], None)
    assert line["error"].startswith("503")


def test_a_load_that_nobody_answers_is_no_load_and_is_taken_away(stage):
    stage.says = [FAILING, FEW]
    with pytest.raises(NotInTime, match="all 20 users of the load ask, and are answered"):
        scaling.observe_scaling(stage.on, OF, "shop")
    assert stage.said("deleted")
    assert not stage.said("marker")


def test_a_generator_that_ends_is_not_waited_for(stage):
    stage.stopped.set()
    stage.now["workload"]["shop"]["ready"] = 2
    scaling.observe_scaling(stage.on, OF, "shop")
    assert [fields["says"] for fields in stage.said("marker")] == ["load started", "load ended"]


@pytest.mark.parametrize("read", [{"cpu": None}, {"cpu": 71}, {"desired": 0}])
def test_an_autoscaler_that_has_not_come_to_rest_is_waited_for(stage, read):
    stage.now["autoscaler"]["shop"] |= read
    began = time.monotonic()
    scaling.observe_scaling(stage.on, OF, "shop")
    assert time.monotonic() - began >= scaling.DECIDED


def test_nothing_is_written_after_the_observation(stage):
    scaling.observe_scaling(stage.on, OF, "shop")
    told = len(stage.lines)
    time.sleep(0.1)
    assert len(stage.lines) == told
