"""Both cgroup layouts on a fake tree: what the kernel would make in a new group is made beforehand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubeproof.embedded import cgroups


@pytest.fixture
def hybrid(tmp_path: Path) -> Path:
    """v1 controllers, the systemd hierarchy, the empty v2 tree, and the usual link beside them."""
    for name in ("cpu", "cpuset", "memory", "systemd", "unified"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset" / "cpuset.mems").write_text("0\n")
    (tmp_path / "cpuacct").symlink_to("cpu")
    (tmp_path / "notes").mkdir()
    return tmp_path


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    """v2, with the group already there as the kernel would fill it."""
    for folder in (tmp_path, tmp_path / "kp"):
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.controllers").write_text("cpuset cpu io memory pids misc\n")
        (folder / "cgroup.subtree_control").touch()
    (tmp_path / "cgroup.procs").touch()
    return tmp_path


def test_v1_hierarchies_are_those_with_processes_and_no_links(hybrid: Path) -> None:
    found = [root.name for root in cgroups.hierarchies(hybrid)]
    assert found == ["cpu", "cpuset", "memory", "systemd", "unified"]


def test_v1_group_is_made_everywhere_and_its_cpuset_filled(hybrid: Path) -> None:
    cgroups.make("kp", hybrid)
    assert len(cgroups.leftovers("kp", hybrid)) == 5
    assert (hybrid / "cpuset/kp/cpuset.cpus").read_text() == "0-1\n"
    assert (hybrid / "cpuset/kp/cpuset.mems").read_text() == "0\n"


def test_v2_controllers_are_handed_down_at_both_levels(unified: Path) -> None:
    assert cgroups.is_v2(unified)
    cgroups.make("kp", unified)
    wanted = "+cpuset +cpu +io +memory +pids"
    assert (unified / "cgroup.subtree_control").read_text() == wanted
    assert (unified / "kp/cgroup.subtree_control").read_text() == wanted


def test_v2_hands_down_only_what_the_machine_has(unified: Path) -> None:
    (unified / "cgroup.controllers").write_text("cpu memory\n")
    cgroups.make("kp", unified)
    assert (unified / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_v2_is_one_hierarchy(unified: Path) -> None:
    assert cgroups.hierarchies(unified) == (unified,)


def test_removal_is_depth_first_and_leaves_other_groups(hybrid: Path) -> None:
    for name in ("kp/kubepods/burstable/pod1", "other"):
        (hybrid / "cpu" / name).mkdir(parents=True)
    cgroups.remove("kp", hybrid)
    assert cgroups.leftovers("kp", hybrid) == ()
    assert (hybrid / "cpu/other").is_dir()


def test_removal_of_what_is_not_there_is_quiet(hybrid: Path) -> None:
    cgroups.remove("kp", hybrid)


def test_a_group_that_stays_busy_is_an_error_after_the_patience(hybrid: Path) -> None:
    (hybrid / "cpu/kp").mkdir()
    (hybrid / "cpu/kp/busy").touch()  # makes rmdir fail, as a living member would
    with pytest.raises(OSError, match="not empty"):
        cgroups.remove("kp", hybrid, patience=0.05)


def test_a_member_is_killed(hybrid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = hybrid / "cpu/kp"
    group.mkdir()
    member = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (group / "cgroup.procs").write_text(f"{member.pid}\n")
    real = os.rmdir

    def rmdir(folder: str) -> None:  # cgroupfs removes the control files itself
        (Path(folder) / "cgroup.procs").unlink(missing_ok=True)
        real(folder)

    monkeypatch.setattr("kubeproof.embedded.cgroups.os.rmdir", rmdir)
    try:
        cgroups.remove("kp", hybrid)
        assert member.wait(timeout=10) == -9
    finally:
        member.kill()
        member.wait()


@pytest.fixture
def container(hybrid: Path) -> Path:
    """A container's group under v1, running."""
    group = hybrid / "freezer/kp/kubepods/burstable/podu-1/c1"
    group.mkdir(parents=True)
    (hybrid / "freezer/cgroup.procs").touch()
    (group / "cgroup.procs").touch()
    (group / "freezer.state").write_text("THAWED")
    return group


def test_the_containers_of_a_pod_are_found_under_v1(hybrid: Path, container: Path) -> None:
    other = container.parent.with_name("podu-2") / "c1"
    other.mkdir(parents=True)
    (other / "cgroup.procs").touch()
    assert cgroups.containers_of("u-1", "kp", hybrid) == (container,)
    assert cgroups.containers_of("u-3", "kp", hybrid) == ()


def test_the_containers_of_a_guaranteed_pod_are_found_under_v2(unified: Path) -> None:
    group = unified / "kp/kubepods/podu-1/c1"
    group.mkdir(parents=True)
    (group / "cgroup.procs").touch()
    assert cgroups.containers_of("u-1", "kp", unified) == (group,)


def test_a_group_is_frozen_and_thawed_under_v1(container: Path) -> None:
    cgroups.freeze(container)
    assert (container / "freezer.state").read_text() == "FROZEN"
    cgroups.thaw(container)
    assert (container / "freezer.state").read_text() == "THAWED"
    assert not (container / "cgroup.freeze").exists()


def test_a_group_is_frozen_and_thawed_under_v2(tmp_path: Path) -> None:
    (tmp_path / "cgroup.freeze").write_text("0")
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 1\n")
    cgroups.freeze(tmp_path)
    assert (tmp_path / "cgroup.freeze").read_text() == "1"
    cgroups.thaw(tmp_path)
    assert (tmp_path / "cgroup.freeze").read_text() == "0"


def test_a_group_that_does_not_come_to_rest_is_an_error_after_the_patience(tmp_path: Path) -> None:
    (tmp_path / "cgroup.freeze").write_text("0")
    (tmp_path / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    with pytest.raises(TimeoutError, match="still ran"):
        cgroups.freeze(tmp_path, patience=0.05)


def test_thawing_a_group_that_is_gone_is_quiet_and_makes_nothing(tmp_path: Path) -> None:
    cgroups.thaw(tmp_path / "gone")
    cgroups.thaw(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_frozen_is_thawed_before_it_is_killed(hybrid: Path, container: Path) -> None:
    cgroups.freeze(container)
    with pytest.raises(OSError, match="not empty"):  # the fake's control files are no part of cgroupfs
        cgroups.remove("kp", hybrid, patience=0.05)
    assert (container / "freezer.state").read_text() == "THAWED"
