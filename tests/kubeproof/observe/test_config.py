"""All configuration is changed, after a marker; who follows is waited for, and who does not is left to the judge."""

import base64
import time
from dataclasses import replace

import pytest
import yaml

from kubeproof.checks.config import BEGUN
from kubeproof.manifests.layering import CHANGED_KEY
from kubeproof.observe import config, deployed
from kubeproof.observe.api_errors import Refused
from kubeproof.observe.config import NOTICED, observe_change
from kubeproof.observe.waiting import wait_until
from tests.helpers.shop import PRICES, SHOP, SYSTEM, workload
from tests.kubeproof.observe.copies import NAMESPACE, Copy

CHECK, OF = "config.change-rolls", "config"
READING_LEDGER = workload("ledger", 7001, kind="StatefulSet", replicas=1, reads=(PRICES,))
MANIFESTS = (
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "prices", "namespace": "market"},
        "data": {"tax": "7"},
    },
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "market"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "shop", "namespace": "market"}},
)
NOTICE = "a pod of every reader of the configuration is replaced"
FOLLOWED = "every pod of shop is replaced and the old ones are gone"


class Cluster:
    """Keeps what is applied again, and then does what the test says that a cluster does."""

    def __init__(self):
        self.applied, self.does = [], lambda: None

    def apply_again(self, documents):
        self.applied += documents
        time.sleep(0.002)  # lines are told apart by tenths of a millisecond
        self.does()


class Market(Copy):
    """A copy with two Ready pods of the shop and one of the ledger, whose changes are written as a watch does."""

    def __init__(self, folder, cluster, **more):
        (folder / "market.yaml").write_text(yaml.safe_dump_all(MANIFESTS))
        super().__init__(folder, cluster, **more)
        self.watches.now["pod"] = {uid: pod(uid) for uid in ("shop-0", "shop-1", "ledger-0")}

    def sees(self, *pods):
        with self.watches.changed:
            for line in pods:
                self.recorder.line(OF, "pod", **line)
                if line["gone"]:
                    self.watches.now["pod"].pop(line["uid"])
                else:
                    self.watches.now["pod"][line["uid"]] = line
            self.watches.changed.notify_all()

    def replaces(self, *names):
        for name in names:
            self.sees(pod(f"{name}-new"), pod(name, deleted=True), pod(name, deleted=True, gone=True))

    def updates(self, *names):
        """Replace the pods as a controller does that waits for one more."""
        self.watches.now["workload"]["shop"]["ready"] -= 1
        self.replaces(*names)


def pod(uid, *, deleted=False, gone=False):
    revision = "r2" if uid.endswith("-new") else "r1"
    known = {"name": uid, "uid": uid, "workload": uid.split("-")[0], "ready": True, "revision": revision}
    known |= {"ip": "10.0.0.1", "restarts": 0, "waiting": [], "ended": [], "phase": "Running", "node": "n"}
    return {**known, "deleted": deleted, "gone": gone}


def markers(lines):
    return [line.get("says") for line in lines if line.kind == "marker"]


@pytest.fixture
def cluster():
    return Cluster()


@pytest.fixture
def waits(monkeypatch):
    """What is waited for, how long, and whether it came true, in order; here no wait lasts longer than a moment."""
    waits = []

    def shortened(true, *, within, hoping, wake):
        waits.append((hoping, within, False))
        wait_until(true, within=0.05, hoping=hoping, wake=wake)
        waits[-1] = (hoping, within, True)

    for waiting in (config, deployed):
        monkeypatch.setattr(waiting, "wait_until", shortened)
    return waits


@pytest.mark.usefixtures("waits")
def test_every_configmap_and_secret_is_changed_and_all_is_applied_again_to_the_copy(tmp_path, cluster):
    market = Market(tmp_path, cluster)
    market.observed(observe_change, OF)
    run = market.on.run
    secret = base64.b64encode(run.encode()).decode()
    changed = {document["kind"]: document.get("data") for document in cluster.applied}
    assert changed == {
        "ConfigMap": {"tax": "7", CHANGED_KEY: run},
        "Secret": {CHANGED_KEY: secret},
        "ServiceAccount": None,
    }
    assert {document["metadata"]["namespace"] for document in cluster.applied} == {NAMESPACE}


def test_the_change_is_marked_before_it_is_made_and_over_once_its_readers_have_followed(tmp_path, cluster, waits):
    market = Market(tmp_path, cluster)
    cluster.does = lambda: market.replaces("shop-0", "shop-1")
    lines = market.observed(observe_change, OF)
    after = lines[[line.kind for line in lines].index("marker") :]
    assert (after[0].get("says"), after[0].data["objects"]) == ("configuration changed", ["ConfigMap/prices"])
    assert after[0].data["uids"] == ["shop-0", "shop-1"]
    assert [line.kind for line in after[1:-1]] == ["pod"] * 6
    assert after[-1].get("says") == "change over"
    assert waits == [(NOTICE, NOTICED, True), (FOLLOWED, SHOP.progress_deadline, True)], "the ledger reads nothing"
    assert market.verdict(CHECK, "shop", OF).passed


def test_whoever_follows_is_waited_for_though_another_does_not(tmp_path, cluster, waits):
    market = Market(tmp_path, cluster, system=replace(SYSTEM, workloads=(SHOP, READING_LEDGER)))
    cluster.does = lambda: market.replaces("shop-0", "shop-1")
    lines = market.observed(observe_change, OF)
    assert markers(lines) == ["configuration changed", "change over"]
    assert waits == [(NOTICE, NOTICED, False), (FOLLOWED, SHOP.progress_deadline, True)]
    assert market.verdict(CHECK, "shop", OF).passed
    assert "1 of 1 pods still run as before ConfigMap/prices changed" in market.verdict(CHECK, "ledger", OF).because


def test_where_nobody_follows_the_wait_ends_and_the_pods_that_stayed_are_the_evidence(tmp_path, cluster, waits):
    market = Market(tmp_path, cluster)
    lines = market.observed(observe_change, OF)
    assert waits == [(NOTICE, NOTICED, False)]
    assert markers(lines) == ["configuration changed", "change over"]
    assert "2 of 2 pods still run as before ConfigMap/prices changed" in market.verdict(CHECK, "shop", OF).because


@pytest.mark.parametrize(
    ("does", "because"),
    [
        (lambda market: market.replaces("shop-0"), "1 of 2 pods still run as before ConfigMap/prices changed"),
        (
            lambda market: market.sees(pod("shop-0", deleted=True), pod("shop-1", deleted=True)),
            "shop-0 was not seen going",
        ),
        (lambda market: market.updates("shop-0", "shop-1"), "2 pods sent away within"),
    ],
    ids=["one stays", "none comes, and none is gone", "the controller is not done"],
)
def test_a_change_that_gets_stuck_is_over_all_the_same(tmp_path, cluster, waits, does, because):
    market = Market(tmp_path, cluster)
    cluster.does = lambda: does(market)
    lines = market.observed(observe_change, OF)
    assert waits == [(NOTICE, NOTICED, True), (FOLLOWED, SHOP.progress_deadline, False)]
    assert markers(lines) == ["configuration changed", "change over"]
    assert because in market.verdict(CHECK, "shop", OF).because


def test_a_change_that_the_cluster_refuses_is_waited_for_by_nobody_and_proves_nothing(tmp_path, cluster, waits):
    def refuse():
        raise Refused("ConfigMap/prices: field is immutable")

    market = Market(tmp_path, cluster)
    cluster.does = refuse
    with pytest.raises(Refused):
        market.observed(observe_change, OF)
    assert waits == []
    verdict = market.verdict(CHECK, "shop", OF)
    assert (verdict.outcome.value, "field is immutable" in verdict.because) == ("UNKNOWN", True)


def test_pods_get_longer_to_begin_than_the_judge_needs_to_tell_that_they_stayed():
    assert NOTICED > BEGUN
