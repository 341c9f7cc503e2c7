"""What is kept of a namespace is what is there: changes as they are told, and what vanished while nobody was."""

import threading
from types import SimpleNamespace

import pytest
from kubernetes.client import V1ObjectMeta, V1Pod, V1PodCondition, V1PodSpec, V1PodStatus

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe import listings
from kubeproof.observe.listings import follow
from kubeproof.observe.watches import Watches

GAP = ConnectionError("the watch broke")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(listings, "SOON", 0.0)
    monkeypatch.setattr(listings, "LATER", 0.0)


class Scripted:
    """A listing that gives these answers in turn: a list, then changes that end in an error; silent after the last."""

    name = "list_pods"

    def __init__(self, *answers):
        self._answers, self.asked, self.over, self.stopping = list(answers), 0, threading.Event(), threading.Event()

    def everything(self):
        self.asked += 1
        found, _ = self._answers[0]
        if isinstance(found, Exception):
            self._answers.pop(0)
            raise found
        return found, "1"

    def changes(self, version):
        assert version
        _, changes = self._answers.pop(0)
        yield from changes
        if self._answers:
            raise GAP
        self.over.set()
        assert self.stopping.wait(5)


def thing(name, uid=None, version="1"):
    return SimpleNamespace(metadata=SimpleNamespace(name=name, uid=uid or f"uid-{name}", resource_version=version))


def told(*answers):
    """What a listing's follower tells: (change, name) in order, and the words of the gaps."""
    script, seen, gaps = Scripted(*answers), [], []

    def take(change, item):
        seen.append((change, item.metadata.name))

    following = threading.Thread(target=follow, args=(script, take, gaps.append, script.stopping), daemon=True)
    following.start()
    assert script.over.wait(5)
    script.stopping.set()
    following.join(5)
    return seen, gaps


def test_what_is_there_and_each_change_is_told_in_order():
    seen, gaps = told(([thing("a")], [("MODIFIED", thing("a")), ("ADDED", thing("b")), ("DELETED", thing("a"))]))
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    assert gaps == []


def test_what_vanished_in_a_gap_is_told_as_deleted_before_what_is_there():
    seen, gaps = told(([thing("a"), thing("b")], [("ADDED", thing("c"))]), ([thing("b")], []))
    assert sorted(seen[3:5]) == [("DELETED", "a"), ("DELETED", "c")]
    assert seen[5:] == [("ADDED", "b")]
    assert gaps == ["list_pods: ConnectionError('the watch broke')"]


def test_what_was_made_again_under_its_name_in_a_gap_goes_first():
    seen, _ = told(([thing("a", "old")], []), ([thing("a", "new")], []))
    assert seen == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a")]


def test_what_was_told_as_deleted_is_not_told_again():
    seen, _ = told(([thing("a")], [("DELETED", thing("a"))]), ([], []))
    assert seen == [("ADDED", "a"), ("DELETED", "a")]


def test_a_list_that_cannot_be_had_is_a_gap_and_tried_again():
    seen, gaps = told(([thing("a")], []), (GAP, None), ([thing("a")], []))
    assert len(gaps) == 2
    assert ("DELETED", "a") not in seen


def test_evidence_that_cannot_be_written_ends_the_following():
    def take(*_):
        raise NotWritten("the disk is full")

    follow(Scripted(([thing("a")], [])), take, pytest.fail, threading.Event())


def pod(name):
    conditions = [V1PodCondition(type="Ready", status="True")]
    return V1Pod(
        metadata=V1ObjectMeta(name=name, uid=f"uid-{name}", labels={"app": "shop"}, resource_version="1"),
        spec=V1PodSpec(containers=[], node_name="n"),
        status=V1PodStatus(conditions=conditions, pod_ip="10.0.0.1"),
    )


def test_a_pod_that_vanished_in_a_gap_is_written_as_gone_and_is_no_pod_of_its_workload():
    written = []
    recorder = SimpleNamespace(line=lambda of, kind, **fields: written.append((of, kind, fields)))
    script = Scripted(([pod("a"), pod("b")], []), ([pod("b")], []))
    first = threading.Event()
    everything = script.everything

    def once_recorded():
        assert first.wait(5)
        return everything()

    script.everything = once_recorded
    watches = Watches({"pod": script}, {"shop": {"app": "shop"}}, recorder)
    with watches.recorded("rollout:shop"):
        first.set()
        assert script.over.wait(5)
    watches.stop()
    script.stopping.set()
    assert [pod["name"] for pod in watches.pods_of("shop")] == ["b"]
    assert [kind for _, kind, _ in written] == ["pod", "pod", "gap", "pod"]
    of, _, last = written[-1]
    assert (of, last["name"], last["gone"], last["ready"]) == ("rollout:shop", "a", True, True)
