"""A start's three ends as the caller meets them, with a stand-in for the box: no namespaces are made here."""

import threading
import time
from pathlib import Path

import pytest

from kubeproof import embedded
from kubeproof.embedded import lifecycle
from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime, NotRunning, NotYet
from kubeproof.embedded.folders import Folders, folders
from kubeproof.embedded.plan import Plan
from kubeproof.embedded.report import Report, Reporter


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """The folders of a cluster whose box seems to live."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("kubeproof.embedded.lifecycle.processes.find", lambda _: (1,))
    found = folders("dev")
    found.log.mkdir(parents=True)
    return found


def _quiet(_: str) -> None:
    return None


def test_ready(place: Folders) -> None:
    reporter = Reporter(place.report)
    said: list[str] = []
    reporter.reach("etcd")
    threading.Timer(0.2, reporter.reach, ["dns"]).start()
    lifecycle._follow(place, "dns", said.append, within=10)
    assert [line.split(" ready")[0] for line in said] == ["start etcd 1 of 13", "start dns 2 of 13"]


def test_a_component_that_exits_ends_the_start_at_once(place: Folders) -> None:
    (place.log / "kubelet.log").write_text("a flag is wrong\n")
    Reporter(place.report).exit("kubelet", 1)
    begun = time.monotonic()
    with pytest.raises(ComponentExited, match="a flag is wrong") as caught:
        lifecycle._follow(place, "dns", _quiet, within=10)
    assert (caught.value.name, caught.value.status) == ("kubelet", 1)
    assert time.monotonic() - begun < 2


def test_what_the_box_found_late_is_raised_as_such(place: Folders) -> None:
    Reporter(place.report).fail(NotReadyInTime("etcd", 60, "still electing"))
    with pytest.raises(NotReadyInTime, match="etcd was not ready after 60 s"):
        lifecycle._follow(place, "dns", _quiet, within=10)


def test_a_box_that_says_nothing_is_late_itself(place: Folders) -> None:
    (place.log / "box.log").write_text("unshare: stuck\n")
    with pytest.raises(NotReadyInTime, match="unshare: stuck"):
        lifecycle._follow(place, "dns", _quiet, within=0.1)


def test_a_box_that_is_gone_is_told_with_its_log(place: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.log / "box.log").write_text("unshare: unshare failed: Operation not permitted\n")
    monkeypatch.setattr("kubeproof.embedded.lifecycle.processes.find", lambda _: ())
    with pytest.raises(ComponentExited, match="Operation not permitted"):
        lifecycle._follow(place, "dns", _quiet, within=10)


def test_up_on_a_running_cluster_is_a_no_op_that_says_so(place: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "make_programs", lambda *_, **__: pytest.fail("nothing was to be made"))
    Reporter(place.report).reach("dns")
    said: list[str] = []
    assert embedded.up("dev", said.append) == place.kubeconfig
    assert said == [f"cluster dev is up already: {place.kubeconfig}"]
    assert embedded.is_up("dev")


def test_up_on_a_broken_cluster_says_what_broke_and_what_to_do(place: Folders) -> None:
    reporter = Reporter(place.report)
    reporter.reach("dns")
    reporter.exit("etcd", -9)
    said: list[str] = []
    with pytest.raises(ComponentExited, match="etcd exited with status -9"):
        embedded.up("dev", said.append)
    assert "down --name dev" in said[0]
    assert not embedded.is_up("dev")


@pytest.mark.usefixtures("place")
def test_a_failed_start_leaves_no_process_and_no_cgroup(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("kubeproof.embedded.lifecycle.processes.find", lambda _: ())

    def end(_: Path) -> bool:
        done.append("end")
        return True

    monkeypatch.setattr("kubeproof.embedded.lifecycle.processes.end", end)
    monkeypatch.setattr("kubeproof.embedded.lifecycle.cgroups.remove", lambda _: done.append("remove"))
    monkeypatch.setattr("kubeproof.embedded.lifecycle.cgroups.leftovers", lambda _: ())
    monkeypatch.setattr(lifecycle, "make_programs", lambda *_, **__: None)

    def interrupted(*_: object) -> None:
        done.append("start")
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded.up("dev", _quiet)
    assert done == ["end", "remove", "start", "end", "remove"]


def test_down_on_none_says_so_and_twice_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said: list[str] = []
    embedded.down("never-there", said.append)
    embedded.down("never-there", said.append)
    assert said == ["cluster never-there was not up"] * 2


def test_down_removes_what_a_killed_cluster_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = folders("killed")
    (place.state / "etcd/member").mkdir(parents=True)
    said: list[str] = []
    embedded.down("killed", said.append)
    assert said == ["cluster killed is down"]
    assert not place.state.exists()


def test_the_ingress_has_an_address_once_it_is_ready(place: Folders) -> None:
    reporter = Reporter(place.report)
    reporter.reach("dns")
    with pytest.raises(NotYet, match="up --wait ingress --name dev"):
        embedded.ingress("dev")
    reporter.reach("ingress")
    Plan("dev", place.state, place.state, (), (), ingress_port=4711, cgroup="c").write(place.plan)
    assert embedded.ingress("dev") == "http://127.0.0.1:4711"


def test_up_on_a_running_cluster_waits_for_what_is_asked(place: Folders) -> None:
    reporter = Reporter(place.report)
    reporter.reach("dns")
    threading.Timer(0.2, reporter.reach, ["ingress"]).start()
    embedded.up("dev", _quiet, wait_for="ingress")
    assert "ingress" in Report.read(place.report).reached


def test_load_needs_a_running_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(NotRunning, match="kubeproof cluster up --name never-there"):
        embedded.load("never-there", tmp_path / "x.tar")


def test_calls_for_one_name_wait_for_each_other(place: Folders) -> None:
    order = []

    def second() -> None:
        with lifecycle._alone(place):
            order.append("second")

    with lifecycle._alone(place):
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_state_folder_that_takes_no_writes_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(ClusterError, match="set XDG_STATE_HOME"):
        embedded.up("dev", _quiet)
