"""A run on a cluster that a test wrote: what it makes it deletes, what fails it says, and nothing is tried twice."""

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException

from kubeproof import run as running
from kubeproof.declared import Declared
from kubeproof.evidence import reading
from kubeproof.evidence.reading import EVERYTHING, Planned, read_evidence
from kubeproof.interruption import listening
from kubeproof.manifests.system import System
from kubeproof.observe.agent_pods import PROBE
from kubeproof.observe.api_errors import Refused
from kubeproof.observe.applying import Owner
from kubeproof.observe.waiting import NotInTime
from kubeproof.profile.intent import Profile
from kubeproof.profile.journeys import Journey, JourneyStep
from kubeproof.run import NotDeployed, Run

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "market", "labels": {"level": "restricted"}}}
CLASS = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}}
PROFILE = Profile("market", "market", journeys=(Journey("buy", (JourneyStep("GET", "shop", "/", 200),)),))
BUY = Planned("api.journey", "buy", "journey:buy")
NAMES = Planned("dns.names", "market", "dns")


class Cluster:
    """Notes what is made and deleted; `left` was there before, `stuck` cannot be deleted, `full` makes nothing."""

    def __init__(self):
        self.core, self.made, self.deleted = self, [], []
        self.abandoned, self.left, self.stuck, self.full = [], (), set(), False

    def version(self):
        return "v1"

    def skew(self):
        return -1.0, 1.0

    def abandoned_namespaces(self):
        return self.abandoned

    def create_namespace(self, name, run, labels=None):
        self.made.append((name, labels))
        if self.full:
            raise ApiException(status=500, reason="etcd is full")
        return Owner(run, name, "u-1")

    def delete_namespace(self, name):
        self.deleted.append(name)
        if name in self.stuck:
            raise NotInTime(f"namespace {name} is gone", 120)

    def hurry(self):
        self.hurried = True

    def ask_to_delete_namespace(self, name):
        self.deleted.append(name)
        if name in self.stuck:
            raise ApiException(status=403, reason="not yours")
        return not name.endswith("-visitor")

    def apply(self, documents, owner):
        self.made += [(document["kind"], owner.namespace) for document in documents]
        return self.left

    def execute(self, *_, **__):
        return []

    def create_namespaced_pod(self, namespace, _):
        self.made.append(("Pod", namespace))

    def read_namespaced_pod(self, *_):
        probe = SimpleNamespace(name=PROBE, state=SimpleNamespace(terminated=None, waiting=None, running=True))
        status = SimpleNamespace(pod_ip="10.0.0.9", container_statuses=[probe])
        return SimpleNamespace(metadata=SimpleNamespace(uid="u-9"), status=status)


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr(running, "listings", lambda *_: {})
    return Cluster()


@pytest.fixture
def said():
    return []


@pytest.fixture
def run(tmp_path, cluster, said):
    return Run(
        name="7f3a",
        folder=tmp_path,
        cluster=cluster,
        cluster_name="a test's",
        declared=Declared(Path("kubeproof.toml"), "", PROFILE, Path(), [NAMESPACE, CLASS], System("market", ())),
        probe_image="probe",
        say=said.append,
    )


def evidence(run):
    return read_evidence((run.folder / "evidence.jsonl").read_text())


def test_the_system_is_deployed_once_into_a_namespace_with_its_own_labels(run, cluster):
    run.observe(NAMES)
    run.observe(NAMES)
    name = "kubeproof-7f3a"
    expected = [(name, {"level": "restricted"}), ("PriorityClass", name), ("NetworkPolicy", name), ("Pod", name)]
    assert cluster.made == expected
    assert evidence(run).why_not_whole("deploy") is None


def test_a_check_that_reads_everything_has_the_system_deployed_and_nothing_else_observed(run):
    run.observe(Planned("system.undisturbed", "market", EVERYTHING))
    assert {line.of for line in evidence(run).of(EVERYTHING)} == {"deploy"}


def test_each_line_of_the_evidence_is_read_once_however_often_it_is_asked_for(run, monkeypatch):
    parsed, parse = [], reading._parse
    monkeypatch.setattr(reading, "_parse", lambda raw: parsed.append(raw) or parse(raw))
    run.observe(NAMES)
    assert run.evidence().why_not_whole("dns") is None
    run.plan([NAMES, BUY])
    assert run.evidence().plan == (NAMES, BUY)
    lines = (run.folder / "evidence.jsonl").read_text().splitlines()
    assert parsed == lines
    assert run.evidence() == evidence(run)


def test_what_is_not_the_runs_is_left_alone_and_said(run, cluster, said):
    cluster.left = ("PriorityClass/high",)
    run.observe(NAMES)
    [left] = [line for line in evidence(run).of("deploy") if line.get("says") == "left alone"]
    assert left.get("at") == "PriorityClass/high"
    assert "PriorityClass/high was there before and no run's: it is used as it is, and left alone" in said[0]


def test_what_dead_runs_left_is_deleted_first_and_what_cannot_be_is_no_hindrance(run, cluster, said):
    cluster.abandoned, cluster.stuck = ["kubeproof-dead", "kubeproof-gone"], {"kubeproof-dead"}
    run.observe(NAMES)
    assert cluster.deleted == ["kubeproof-dead", "kubeproof-gone"]
    assert cluster.made
    [message] = said
    assert "hoped that namespace kubeproof-dead is gone; it was not so after 120 s" in message
    assert message.endswith("kubectl delete namespace kubeproof-dead")


def test_a_deployment_that_failed_is_not_tried_again_and_every_check_says_why(run, cluster):
    cluster.full = True
    with pytest.raises(Refused, match="the API server answered 500: etcd is full"):
        run.observe(NAMES)
    with pytest.raises(NotDeployed, match="etcd is full"):
        run.observe(BUY)
    assert len(cluster.made) == 1
    assert "etcd is full" in evidence(run).of("journey:buy")[-1].get("error")


def test_the_end_deletes_every_namespace_and_says_which_could_not_be(run, cluster, said):
    run.observe(NAMES)
    cluster.stuck = {"kubeproof-7f3a-visitor"}
    run.close()
    assert sorted(cluster.deleted) == ["kubeproof-7f3a", "kubeproof-7f3a-stranger", "kubeproof-7f3a-visitor"]
    assert said[-1].endswith("kubectl delete namespace kubeproof-7f3a-visitor")
    assert evidence(run).ended


def test_at_ctrl_c_the_cluster_is_asked_to_delete_all_at_once_and_not_waited_for(run, cluster, said, monkeypatch):
    run.observe(NAMES)

    def waits_for_long(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "delete_namespace", waits_for_long)
    run.close()
    assert cluster.hurried
    assert cluster.deleted == ["kubeproof-7f3a", "kubeproof-7f3a-stranger", "kubeproof-7f3a-visitor"]
    assert said == ["the cluster is still deleting kubeproof-7f3a kubeproof-7f3a-stranger"]
    assert evidence(run).ended


def test_what_the_cluster_does_not_delete_at_ctrl_c_is_said(run, cluster, said):
    run.observe(NAMES)
    cluster.stuck = {"kubeproof-7f3a-stranger"}
    with listening():
        signal.raise_signal(signal.SIGINT)
        run.close()
    assert said[0].startswith("may be left behind: the API server answered 403: not yours\n")
    assert said[0].endswith("kubectl delete namespace kubeproof-7f3a-stranger kubeproof-7f3a-visitor")
    assert said[1] == "the cluster is still deleting kubeproof-7f3a"


def test_a_namespace_whose_making_was_broken_off_may_be_there_and_is_deleted(run, cluster, monkeypatch):
    def broken_off(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "create_namespace", broken_off)
    with pytest.raises(KeyboardInterrupt):
        run.observe(NAMES)
    run.close()
    assert "kubeproof-7f3a" in cluster.deleted


def test_a_run_that_made_nothing_deletes_nothing(run, cluster):
    run.close()
    assert (cluster.made, cluster.deleted) == ([], [])
