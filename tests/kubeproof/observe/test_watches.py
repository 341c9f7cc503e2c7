"""What is kept of a namespace is what is there: changes as they are told, and what vanished while nobody was."""

import json
import queue
import threading
import time
from types import SimpleNamespace

import pytest
import urllib3
from kubernetes.client import (
    CoreV1Event,
    V1ContainerState,
    V1ContainerStateTerminated,
    V1ContainerStateWaiting,
    V1ContainerStatus,
    V1DaemonSetStatus,
    V1ObjectMeta,
    V1ObjectReference,
    V1Pod,
    V1PodCondition,
    V1PodSpec,
    V1PodStatus,
)
from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe import listings
from kubeproof.observe import watches as watches_module
from kubeproof.observe.api_errors import said
from kubeproof.observe.listings import BOOKMARK, ApiListing, Following, Hearer
from kubeproof.observe.trimmed import pod_line, workload_line
from kubeproof.observe.watches import Watches

GAP = ConnectionError("the watch broke")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(listings, "SOON", 0.0)
    monkeypatch.setattr(listings, "LATER", 0.0)


class Scripted:
    """
    A listing that gives these answers in turn: a list, then changes that end in an error; silent after the last.

    An answer may have the error that its changes end in, None when the server ends them as it was asked to.
    """

    stays = False

    def __init__(self, *answers):
        self._answers, self.asked, self.over, self.stopping = list(answers), 0, threading.Event(), threading.Event()
        self.there, self.watched_from = ({}, "1"), []

    def everything(self):
        self.asked += 1
        found, *_ = self._answers[0]
        if isinstance(found, Exception):
            self._answers.pop(0)
            raise found
        return found, "1"

    def versions(self):
        if isinstance(self.there, Exception):
            raise self.there
        return self.there

    def changes(self, version):
        assert version
        self.watched_from.append(version)
        _, changes, *end = self._answers.pop(0)
        yield from changes
        if self._answers:
            if (error := end[0] if end else GAP) is not None:
                raise error
            return
        self.over.set()
        assert self.stopping.wait(5)


def thing(name, uid=None, version="1"):
    return SimpleNamespace(metadata=SimpleNamespace(name=name, uid=uid or f"uid-{name}", resource_version=version))


class Heard:
    """All that a listing's follower told: (change, name) in order, the words of gaps, versions that were reached."""

    def __init__(self, script):
        self.seen, self.gaps, self.reached, self.listed = [], [], [], 0
        self.following = Following(
            script, Hearer(self._take, self._list, self.gaps.append, self.reached.append), script.stopping
        )
        self.thread = threading.Thread(target=self.following.follow, daemon=True)

    def _take(self, change, item):
        self.seen.append((change, item.metadata.name))

    def _list(self):
        self.listed += 1


def heard(script):
    heard = Heard(script)
    heard.thread.start()
    assert script.over.wait(5)
    script.stopping.set()
    heard.thread.join(5)
    return heard


def told(*answers):
    """What a listing's follower tells: (change, name) in order, and the words of the gaps."""
    all_of_it = heard(Scripted(*answers))
    return all_of_it.seen, all_of_it.gaps


def test_what_is_there_and_each_change_is_told_in_order():
    seen, gaps = told(([thing("a")], [("MODIFIED", thing("a")), ("ADDED", thing("b")), ("DELETED", thing("a"))]))
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    assert gaps == []


def test_what_vanished_in_a_gap_is_told_as_deleted_before_what_is_there():
    seen, gaps = told(([thing("a"), thing("b")], [("ADDED", thing("c"))]), ([thing("b")], []))
    assert sorted(seen[3:5]) == [("DELETED", "a"), ("DELETED", "c")]
    assert seen[5:] == [("ADDED", "b")]
    assert gaps == ["ConnectionError('the watch broke')"]


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

    hearer = Hearer(take, pytest.fail, pytest.fail, pytest.fail)
    Following(Scripted(([thing("a")], [])), hearer, threading.Event()).follow()


def test_a_watch_that_ended_as_asked_goes_on_where_it_was_and_is_no_gap():
    script = Scripted(
        ([thing("a")], [("MODIFIED", thing("a", version="7"))], None),
        (None, [(BOOKMARK, "9")], None),
        (None, []),
    )
    all_of_it = heard(script)
    assert script.watched_from == ["1", "7", "9"]
    assert all_of_it.reached[:3] == ["7", "9", "9"]
    assert (script.asked, all_of_it.listed, all_of_it.gaps) == (1, 1, [])


def test_a_version_that_is_too_old_is_a_gap_but_of_what_stays():
    expired = ApiException(status=410, reason="Gone")
    answers = ([thing("a")], [], expired), ([thing("a"), thing("b")], [])
    seen, gaps = told(*answers)
    assert (seen[1:], gaps) == ([("ADDED", "a"), ("ADDED", "b")], ["410 Gone"])
    events = Scripted(*answers)
    events.stays = True
    all_of_it = heard(events)
    assert (all_of_it.seen[1:], all_of_it.gaps, all_of_it.listed) == ([("ADDED", "a"), ("ADDED", "b")], [], 2)


def test_an_end_of_each_watch_at_once_is_not_asked_without_pause(monkeypatch):
    monkeypatch.setattr(listings, "SOON", 0.05)
    script = Scripted(([], [], None), (None, [], None), (None, []))
    began = time.monotonic()
    assert heard(script).gaps == []
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(
    ("there", "version", "unseen"),
    [
        ({"uid-a": ("a", "5"), "uid-b": ("b", "12")}, "12", []),
        ({"uid-a": ("a", "5"), "uid-b": ("b", "13")}, "13", ["b"]),
        ({"uid-a": ("a", "5"), "uid-b": ("b", "12"), "uid-c": ("c", "13")}, "13", ["c"]),
        ({"uid-a": ("a", "5")}, "13", ["b"]),
        ({"uid-a": ("a", "6"), "uid-c": ("c", "8")}, "9", []),  # the watch is further than this list
        ({"uid-a": ("a", "x")}, "y", ["a"]),  # no numbers: only the same is seen
    ],
    ids=["all", "changed", "made", "gone", "older than the watch", "no numbers"],
)
def test_what_a_list_has_and_was_not_told_is_unseen(there, version, unseen):
    script = Scripted(([thing("a", version="5")], [("ADDED", thing("b", version="12"))]))
    all_of_it = Heard(script)
    assert all_of_it.following.unseen({"uid-a": ("a", "5")}, "5") == ["a"]  # before anything was listed
    all_of_it.thread.start()
    assert script.over.wait(5)
    if version == "y":
        all_of_it.following._version = "x"
    assert all_of_it.following.unseen(there, version) == unseen
    script.stopping.set()


class Answer:
    """What a call of the Kubernetes client answers to a watch: lines of JSON."""

    status = 200

    def __init__(self, *lines):
        self._lines = lines

    def stream(self, **_):
        return iter([f"{line}\n".encode() for line in self._lines])

    def close(self):
        pass

    def release_conn(self):
        pass


def changes_of(*lines):
    asked = {}

    def list_namespaced_pod(_namespace, **options):
        """:rtype: V1PodList"""
        asked.update(options)
        return Answer(*lines)

    return list(ApiListing(list_namespaced_pod, "market").changes("3")), asked


def test_a_bookmark_of_the_api_server_is_its_version_and_an_object_is_the_clients_model():
    made = {"type": "ADDED", "object": {"kind": "Pod", "metadata": {"name": "a", "resourceVersion": "4"}}}
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}}
    (first, pod), last = changes_of(json.dumps(made), json.dumps(bookmark))[0]
    assert (first, pod.metadata.name, last) == ("ADDED", "a", (BOOKMARK, "9"))


def test_the_api_server_is_to_end_a_watch_before_its_silence_is_taken_for_a_cut():
    _, asked = changes_of()
    assert (asked["allow_watch_bookmarks"], asked["resource_version"]) == (True, "3")
    assert asked["timeout_seconds"] < asked["_request_timeout"][1] <= asked["timeout_seconds"] + 5


def test_a_watch_that_says_no_json_and_one_that_says_an_error_are_gaps():
    with pytest.raises(ValueError, match="no JSON"):
        changes_of("{broken")
    expired = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old resource version"}}
    with pytest.raises(ApiException) as raised:
        changes_of(json.dumps(expired))
    assert said(raised.value) == "410 Expired: too old resource version"


def test_a_list_of_versions_alone_is_read_from_the_answers_text_and_a_refusal_is_raised():
    item = {"metadata": {"uid": "u", "name": "a", "resourceVersion": "4"}, "status": {}}
    text = json.dumps({"metadata": {"resourceVersion": "9"}, "items": [item]})
    listing = ApiListing(lambda *_, **__: SimpleNamespace(status=200, data=text), "market")
    assert listing.versions() == ({"u": ("a", "4")}, "9")
    refusing = ApiListing(lambda *_, **__: SimpleNamespace(status=403, reason="Forbidden"), "market")
    with pytest.raises(ApiException, match="Forbidden"):
        refusing.versions()


def container(name, restarts, *, last=None, waiting=None):
    ended = V1ContainerState(terminated=V1ContainerStateTerminated(exit_code=1, reason=last)) if last else None
    waits = V1ContainerState(waiting=V1ContainerStateWaiting(reason=waiting)) if waiting else None
    return V1ContainerStatus(
        name=name,
        image=f"{name}:1",
        image_id=f"sha256:{name}",
        ready=True,
        restart_count=restarts,
        last_state=ended,
        state=waits,
    )


def pod(name, *containers, init=(), ephemeral=(), version="1"):
    conditions = [V1PodCondition(type="Ready", status="True")]
    labels = {"app": "shop", "pod-template-hash": "7f"}
    return V1Pod(
        metadata=V1ObjectMeta(name=name, uid=f"uid-{name}", labels=labels, resource_version=version),
        spec=V1PodSpec(containers=[], node_name="n"),
        status=V1PodStatus(
            conditions=conditions,
            pod_ip="10.0.0.1",
            phase="Running",
            container_statuses=list(containers),
            init_container_statuses=list(init),
            ephemeral_container_statuses=list(ephemeral),
        ),
    )


def event(uid, reason, count=1):
    about = V1ObjectReference(kind="Pod", name="a", uid="uid-a")
    metadata = V1ObjectMeta(name=uid, uid=uid, resource_version=str(count))
    return CoreV1Event(metadata=metadata, involved_object=about, reason=reason, message="says", count=count)


def daemon_set():
    status = V1DaemonSetStatus(
        current_number_scheduled=2,
        desired_number_scheduled=3,
        number_available=1,
        number_misscheduled=0,
        number_ready=1,
        updated_number_scheduled=2,
        observed_generation=4,
    )
    metadata = V1ObjectMeta(name="agent", uid="uid-agent", generation=4, resource_version="1")
    return SimpleNamespace(kind="DaemonSet", metadata=metadata, status=status)


class Written(list):
    """What a recorder was given: (of, kind, fields)."""

    def line(self, of, kind, **fields):
        self.append((of, kind, fields))

    def of_kind(self, *kinds):
        return [(of, kind, fields) for of, kind, fields in self if kind in kinds]


class Fed:
    """A listing whose changes a test gives one at a time; it is told of each when `give` returns."""

    stays = False

    def __init__(self, *items):
        self.items, self.version, self.there = list(items), "1", ({}, "1")
        self._given, self._taken = queue.Queue(), queue.Queue()

    def everything(self):
        return self.items, self.version

    def versions(self):
        if isinstance(self.there, Exception):
            raise self.there
        return self.there

    def changes(self, _version):
        while True:
            change = self._given.get()
            if isinstance(change, Exception):
                raise change
            yield change
            self._taken.put(None)

    def give(self, change, item):
        self._given.put((change, item))
        self._taken.get(timeout=5)

    def cut(self, error=GAP):
        self._given.put(error)


def watching(**listings):
    written = Written()
    return Watches(listings, {"shop": {"app": "shop"}}, written), written


def test_restarts_are_those_of_init_containers_and_sidecars_too_and_not_of_the_harness():
    made = pod(
        "a",
        container("web", 1, last="OOMKilled"),
        container("proxy", 0, waiting="CrashLoopBackOff"),
        init=[container("copy", 2), container("sidecar", 3, last="Error")],
        ephemeral=[container("kubeproof-probe", 9)],
    )
    line = pod_line(made, "shop", gone=False)
    assert (line["restarts"], line["ended"], line["waiting"]) == (6, ["Error", "OOMKilled"], ["CrashLoopBackOff"])
    assert (line["revision"], line["phase"]) == ("7f", "Running")
    assert pod_line(pod("b"), None, gone=True)["restarts"] == 0


def test_a_daemon_set_has_the_counts_of_a_deployment():
    line = workload_line(daemon_set(), gone=False)
    assert line["object_kind"] == "DaemonSet"
    assert [line[name] for name in ("desired", "updated", "ready", "available", "replicas")] == [3, 2, 1, 1, 2]
    assert (line["generation"], line["observed"]) == (4, 4)


def test_a_pod_that_vanished_in_a_gap_is_written_as_gone_and_is_no_pod_of_its_workload():
    pods = Fed(pod("a"), pod("b"))
    watches, written = watching(pod=pods)
    with watches.recorded("rollout:shop"):
        pods.items, pods.version, pods.there = [pod("b")], "5", ({"uid-b": ("b", "1")}, "5")
        pods.cut()
    watches.stop()
    assert [pod["name"] for pod in watches.pods_of("shop")] == ["b"]
    kinds = [kind for _, kind, _ in written]
    assert kinds == ["pod", "pod", "gap", "pod", "bookmark"]
    of, _, last = written[3]
    assert (of, last["name"], last["gone"], last["ready"]) == ("rollout:shop", "a", True, True)


def test_at_the_end_of_an_observation_a_watch_has_seen_all_that_is_there():
    pods = Fed(pod("a"))
    watches, written = watching(pod=pods)
    with watches.recorded("dns"):
        pods.there = {"uid-a": ("a", "1"), "uid-b": ("b", "8")}, "8"
        threading.Timer(0.2, pods.give, ("ADDED", pod("b", version="8"))).start()
    watches.stop()
    assert [(kind, fields["name"]) for _, kind, fields in written.of_kind("pod")] == [("pod", "a"), ("pod", "b")]
    assert written[-1] == ("dns", "bookmark", {"watch": "pod", "version": "8", "caught": True})


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (({"uid-b": ("b", "8")}, "8"), "pod: at the end 2 of what is there was not seen, such as a"),
        (ApiException(status=403, reason="Forbidden"), "pod: could not be listed at the end: 403 Forbidden"),
        (urllib3.exceptions.ProtocolError("cut"), "pod: could not be listed at the end: cut"),
    ],
    ids=["dead watch", "refused", "silent"],
)
def test_a_watch_that_died_quietly_is_a_gap_at_the_end(monkeypatch, there, says):
    monkeypatch.setattr(watches_module, "CATCHING_UP", 0.2)
    pods = Fed(pod("a"))
    watches, written = watching(pod=pods)
    with watches.recorded("dns"):
        pods.there = there
    watches.stop()
    assert written[-1] == ("dns", "gap", {"says": says})


def test_an_observation_that_broke_off_has_seen_all_too_and_ctrl_c_waits_for_nothing():
    for error, kinds in ((ValueError, ["pod", "bookmark"]), (KeyboardInterrupt, ["pod"])):
        watches, written = watching(pod=Fed(pod("a")))
        with pytest.raises(error), watches.recorded("dns"):
            raise error
        watches.stop()
        assert [kind for _, kind, _ in written] == kinds


def test_what_is_not_followed_when_an_observation_begins_is_a_gap(monkeypatch):
    monkeypatch.setattr(watches_module, "CATCHING_UP", 0.2)
    pods = Fed()
    pods.everything = lambda: (_ for _ in ()).throw(ConnectionError("no way"))
    watches, written = watching(pod=pods)
    with watches.recorded("dns"):
        pass
    watches.stop()
    assert ("dns", "gap", {"says": "pod: ConnectionError('no way')"}) in written


def test_bookmarks_are_written_while_an_observation_is_recorded():
    pods = Fed()
    watches, written = watching(pod=pods)
    pods.give(BOOKMARK, "5")
    with watches.recorded("dns"):
        pods.give(BOOKMARK, "9")
    watches.stop()
    first, *_ = written.of_kind("bookmark")
    assert first == ("dns", "bookmark", {"watch": "pod", "version": "9", "caught": False})


def test_events_between_observations_are_written_into_the_next_and_those_of_the_first_are_not_again():
    events = Fed()
    watches, written = watching(event=events)
    with watches.recorded("deploy"):
        events.give("ADDED", event("1", "Pulled"))
    events.give("ADDED", event("2", "Killing"))
    events.give("MODIFIED", event("1", "Pulled", count=2))
    with watches.recorded("dns"):
        events.give("ADDED", event("2", "Killing"))
        events.give("DELETED", event("1", "Pulled", count=2))
    watches.stop()
    told = [(of, fields["reason"], fields["count"]) for of, _, fields in written.of_kind("event")]
    assert told == [("deploy", "Pulled", 1), ("dns", "Killing", 1), ("dns", "Pulled", 2)]
    assert written.of_kind("event")[0][2]["uid"] == "uid-a"


def test_an_image_is_a_line_of_the_run_once_for_each_workload_container_and_digest():
    pods = Fed(pod("a", container("web", 0)))
    watches, written = watching(pod=pods)
    with watches.recorded("deploy"):
        pods.give("ADDED", pod("b", container("web", 0), init=[container("copy", 0)]))
    watches.stop()
    told = [
        (of, fields["workload"], fields["container"], fields["digest"]) for of, _, fields in written.of_kind("image")
    ]
    assert told == [("", "shop", "web", "sha256:web"), ("", "shop", "copy", "sha256:copy")]
