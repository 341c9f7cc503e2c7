"""Pods deleted between a write and a read, on a cluster of a few dictionaries: whom it takes, and when it reads."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kubeproof.observe.persistence import observe_restart
from kubeproof.verdict import Outcome
from tests.helpers.shop import LEDGER, SYSTEM
from tests.kubeproof.observe.copies import Copy

OF = "restart:ledger"
CHECK = ("persistence.pod-delete", "ledger", OF)
TICK = 0.0001  # seconds that the evidence's clock tells apart


class Cluster:
    """
    A shop whose things lie on the ledger's volume; the ledger has two pods, and comes back once both are deleted.

    `mounts` is the uid of the claim that each life of the pods mounts; `refuses` so many answers are 503 first.
    """

    def __init__(self, mounts=("uid-1", "uid-1")):
        self.core = self
        self.mounts, self.refuses, self.life, self.deleted, self.volume = list(mounts), 0, 0, [], {}

    def execute(self, _namespace, _pod, _container, _command, plan, *, within):  # noqa: ARG002  as observers call it
        time.sleep(2 * TICK)
        [step], saved = plan["steps"], dict(plan["saved"])
        if step["method"] == "POST":
            self.volume["1"] = step["body"]
            saved["id"] = "1"
        status = 201 if step["method"] == "POST" else 200 if self.volume else 404
        self.refuses -= 1
        said = {"method": step["method"], "url": step["url"].replace("{id}", "1"), "error": None}
        answer = {"status": status, "body": {"id": "1", **self.volume.get("1", {})}}
        if self.refuses >= 0:
            answer = {"status": 503, "body": None}
        return [{"index": 0, **said, **answer, "saved": saved, "seconds": TICK}]

    def read_namespaced_pod(self, name, _):
        mounts = [SimpleNamespace(persistent_volume_claim=SimpleNamespace(claim_name=f"data-{name}"))]
        return SimpleNamespace(spec=SimpleNamespace(volumes=mounts))

    def list_namespaced_persistent_volume_claim(self, _):
        named = [(f"data-ledger-{n}", f"{self.mounts[self.life]}-{n}") for n in range(2)]
        items = [SimpleNamespace(metadata=SimpleNamespace(name=name, uid=uid)) for name, uid in named]
        return SimpleNamespace(items=items)

    def delete_namespaced_pod(self, name, _):
        time.sleep(2 * TICK)
        self.deleted.append(name)
        if len(self.deleted) == 2:
            if self.mounts[0] != self.mounts[1]:
                self.volume.clear()
            self.life = 1
            self.copy.runs(TWO, 2, "-again")
            time.sleep(2 * TICK)


TWO = replace(LEDGER, replicas=2)


@pytest.fixture
def observed(tmp_path):
    def observe(cluster):
        two = tuple(TWO if workload is LEDGER else workload for workload in SYSTEM.workloads)
        cluster.copy = Copy(tmp_path, cluster, system=replace(SYSTEM, workloads=two))
        cluster.copy.runs(TWO, 2)
        return cluster.copy.observed(observe_restart, OF)

    return observe


def test_every_pod_is_taken_and_it_is_read_when_as_many_others_are_ready(observed):
    cluster = Cluster()
    lines = {line.get("says"): line for line in observed(cluster) if line.kind == "marker"}
    assert cluster.deleted == ["ledger-0", "ledger-1"]
    assert lines["pod deleted"].data["uids"] == ["ledger-0", "ledger-1"]
    claims = [{"name": f"data-ledger-{n}", "uid": f"uid-1-{n}"} for n in range(2)]
    assert (lines["pod deleted"].data["claims"], lines["pod back"].data["claims"]) == (claims, claims)
    verdict = cluster.copy.verdict(*CHECK)
    assert verdict.passed, verdict.report()


def test_data_that_went_with_its_claims_is_lost(observed):
    cluster = Cluster(mounts=("uid-1", "uid-2"))
    observed(cluster)
    verdict = cluster.copy.verdict(*CHECK)
    assert (verdict.outcome, "answered 404" in verdict.because) == (Outcome.FAIL, True)


def test_a_way_that_answers_late_is_told_and_breaks_no_promise(observed):
    cluster = Cluster()
    cluster.refuses = 2
    [settled, _] = [line for line in observed(cluster) if line.get("says") == "path settled"]
    told = {name: settled.get(name) for name in ("at", "settled", "attempts", "before")}
    assert told == {"at": "write", "settled": True, "attempts": 3, "before": "http://shop:80/things: 503"}
    assert cluster.copy.verdict(*CHECK).passed
