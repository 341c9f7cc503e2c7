"""A fault lasts as long as its block and no longer than who asked for it; the cgroups and nft are stand-ins."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from kubeproof.embedded import fault_holder
from kubeproof.embedded.errors import ClusterError, NotRunning
from kubeproof.embedded.faults import Faults
from kubeproof.embedded.folders import folders
from kubeproof.embedded.plan import Plan

ROOT = Path(__file__).parents[3]
# The holder as it is, but for where it looks for cgroups.
HOLDER = """
import functools, pathlib, sys
from kubeproof.embedded import fault_holder
fault_holder.FAULTS["freeze"] = functools.partial(fault_holder.freeze, mount=pathlib.Path(sys.argv[1]))
sys.exit(fault_holder.main(sys.argv[2:]))
"""
# Somebody who asks for a fault, says that it is there, and stays.
ASKER = """
import sys, time
from kubeproof.embedded import faults
faults.HOLDER = (sys.executable, "-c", sys.argv[1], sys.argv[2])
with faults.Faults("dev").frozen("u-1"):
    print("there", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plan of a cluster `dev` that does not run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = folders("dev")
    place.state.mkdir(parents=True)
    Plan("dev", place.state, tmp_path, (), (), ingress_port=1, cgroup="kp").write(place.plan)
    return place.plan


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cgroups of the holder are."""
    mount = tmp_path / "cgroup"
    monkeypatch.setattr("kubeproof.embedded.faults.HOLDER", (sys.executable, "-c", HOLDER, str(mount)))
    return mount


@pytest.fixture
def states(mount: Path) -> tuple[Path, Path]:
    """The files that freeze the two containers of pod u-1."""
    found = []
    for name in ("c1", "pause"):
        group = mount / "freezer/kp/kubepods/burstable/podu-1" / name
        group.mkdir(parents=True)
        (group / "cgroup.procs").touch()
        (group / "freezer.state").write_text("THAWED")
        found.append(group / "freezer.state")
    return found[0], found[1]


def read(states: Sequence[Path]) -> set[str]:
    return {state.read_text() for state in states}


@pytest.mark.usefixtures("plan")
def test_every_container_of_a_pod_is_frozen_as_long_as_the_block_lasts(states: tuple[Path, Path]) -> None:
    with Faults("dev").frozen("u-1"):
        assert read(states) == {"FROZEN"}
    assert read(states) == {"THAWED"}


@pytest.mark.usefixtures("plan")
def test_a_fault_ends_with_a_block_that_breaks(states: tuple[Path, Path]) -> None:
    with pytest.raises(KeyboardInterrupt), Faults("dev").frozen("u-1"):
        raise KeyboardInterrupt
    assert read(states) == {"THAWED"}


@pytest.mark.usefixtures("plan")
def test_a_fault_ends_when_who_asked_for_it_is_killed(mount: Path, states: tuple[Path, Path]) -> None:
    asker = subprocess.Popen([sys.executable, "-c", ASKER, HOLDER, str(mount)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert asker.stdout is not None
        assert asker.stdout.readline() == b"there\n"
        assert read(states) == {"FROZEN"}
    finally:
        asker.kill()
        asker.communicate()
    deadline = time.monotonic() + 10
    while read(states) != {"THAWED"} and time.monotonic() < deadline:
        time.sleep(0.02)
    assert read(states) == {"THAWED"}


@pytest.mark.usefixtures("plan", "states")
def test_a_pod_that_is_not_there_is_a_sentence() -> None:
    with (
        pytest.raises(ClusterError, match=r"^freeze u-2 in cluster dev: no container of a pod with uid u-2"),
        Faults("dev").frozen("u-2"),
    ):
        pytest.fail("the block ran without its fault")


def test_the_first_container_goes_on_when_the_second_cannot_be_frozen(
    plan: Path, mount: Path, states: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = []

    def freeze(group: Path) -> None:
        if frozen:
            raise TimeoutError("still ran")
        (group / "freezer.state").write_text("FROZEN")
        frozen.append(group)

    monkeypatch.setattr("kubeproof.embedded.fault_holder.cgroups.freeze", freeze)
    with pytest.raises(TimeoutError), fault_holder.freeze(plan, "u-1", mount):
        pytest.fail("the block ran without its fault")
    assert frozen
    assert read(states) == {"THAWED"}


@pytest.mark.usefixtures("plan")
def test_a_holder_that_cannot_hold_says_one_sentence_and_no_more() -> None:
    with (
        pytest.raises(ClusterError) as refused,
        Faults("dev").black_holed("198.18.64.9"),
    ):
        pytest.fail("the block ran without its fault")
    assert str(refused.value) == f"black-hole 198.18.64.9 in cluster dev: {NotRunning('dev')}"


@pytest.fixture
def nft(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules that were given to the nft of a box."""
    given: list[str] = []

    def in_box(pid: int, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        assert (pid, command[0]) == (7, "nft")
        given.append(command[1])
        return subprocess.CompletedProcess(command, int("refused" in str(given)), "", "no such hook")

    monkeypatch.setattr("kubeproof.embedded.fault_holder.processes.find", lambda _: (7, 8))
    monkeypatch.setattr("kubeproof.embedded.fault_holder.processes.in_box", in_box)
    return given


def test_packets_are_dropped_both_ways_until_the_block_ends(plan: Path, nft: list[str]) -> None:
    with fault_holder.black_hole(plan, "198.18.64.9"):
        (rules,) = nft
    assert "ip saddr 198.18.64.9 drop" in rules
    assert "ip daddr 198.18.64.9 drop" in rules
    assert nft[1:] == ["delete table ip kubeproof-black-hole-198.18.64.9"]


def test_rules_that_the_kernel_refuses_are_a_sentence(plan: Path, nft: list[str]) -> None:
    nft.append("refused")
    with pytest.raises(ClusterError, match="nft: no such hook"), fault_holder.black_hole(plan, "198.18.64.9"):
        pytest.fail("the block ran without its fault")


def test_what_is_no_address_gets_no_rule(plan: Path, nft: list[str]) -> None:
    with pytest.raises(ValueError, match="0/0"), fault_holder.black_hole(plan, "0/0; flush ruleset"):
        pytest.fail("the block ran without its fault")
    assert nft == []


def test_a_cluster_that_is_not_up_has_no_faults(plan: Path) -> None:
    with pytest.raises(NotRunning), fault_holder.black_hole(plan, "198.18.64.9"):
        pytest.fail("the block ran without its fault")
