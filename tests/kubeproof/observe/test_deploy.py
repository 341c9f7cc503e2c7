"""Deploying waits for all that the manifests want, and not for what would never be."""

import threading
from types import SimpleNamespace

import pytest

from kubeproof.manifests.objects import Autoscaler
from kubeproof.manifests.system import System
from kubeproof.observe.deploy import observe_deploy
from tests.helpers.shop import workload


def counts(ready, desired=None):
    desired = ready if desired is None else desired
    return {"desired": desired, "ready": ready, "generation": 1, "observed": 1}


def deployed(system, *, now, pulls=True):
    """A copy of the system whose workloads are seen so: `now` is their lines by name."""
    marks = []
    return SimpleNamespace(
        system=system,
        watches=SimpleNamespace(now={"workload": now}, changed=threading.Condition(threading.RLock())),
        mark=lambda of, deed, **fields: marks.append((of, deed, fields)),
        marks=marks,
        apply=lambda documents: tuple(documents),
        all_ready=lambda workload: now[workload.name]["ready"] == now[workload.name]["desired"] > 0,
        hopeless=lambda _: not pulls,
    )


SHOP = workload("shop", 7000)
AGENT = workload("agent", 9100, kind="DaemonSet")


@pytest.mark.parametrize(
    ("system", "now", "pulls", "over"),
    [
        (System("market", (SHOP,)), {"shop": counts(2)}, True, True),
        (System("market", (SHOP,)), {"shop": counts(1)}, True, False),
        (System("market", (SHOP,), autoscalers=(Autoscaler("shop", "shop", 3, 5),)), {"shop": counts(2)}, True, False),
        (System("market", (SHOP,), autoscalers=(Autoscaler("shop", "shop", 1, 5),)), {"shop": counts(1)}, True, True),
        (System("market", (SHOP,)), {"shop": counts(0, 2)}, False, True),
        (System("market", (), daemons=(AGENT,)), {"agent": counts(1, 3)}, True, False),
        (System("market", (), daemons=(AGENT,)), {"agent": counts(3)}, True, True),
        (System("market", (), daemons=(AGENT,)), {"agent": counts(0)}, True, True),
        (System("market", (), daemons=(AGENT,)), {}, True, False),
    ],
    ids=[
        "all replicas",
        "one of two",
        "fewer than the autoscaler's minimum",
        "the autoscaler's minimum",
        "an image that is not to be had",
        "a daemon on one of three nodes",
        "a daemon on every node",
        "a daemon that no node takes",
        "nothing seen",
    ],
)
def test_it_waits_until_all_is_there_that_the_manifests_want(monkeypatch, system, now, pulls, over):
    waits = []
    monkeypatch.setattr("kubeproof.observe.deploy.wait_until", lambda true, **_: waits.append(true()))
    on = deployed(system, now=now, pulls=pulls)
    assert observe_deploy(on, "deploy", ()) == ()
    assert waits == [over]
    assert on.marks == [("deploy", "applied", {})]
