"""A box is found by its command line, and only that box."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubeproof.embedded import processes


@pytest.fixture
def pretend(tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Starts a process with the command line of a box."""
    started: list[subprocess.Popen[bytes]] = []

    def start(plan: Path) -> subprocess.Popen[bytes]:
        script = tmp_path / "sleeper"
        script.write_text("import time; time.sleep(60)")
        process = subprocess.Popen([sys.executable, str(script), "kubeproof.embedded.box", str(plan), "4"])
        started.append(process)
        processes.wait_found(process, plan)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_only_the_box_with_this_plan_is_found(
    tmp_path: Path, pretend: Callable[[Path], subprocess.Popen[bytes]]
) -> None:
    mine, other = tmp_path / "a/plan.json", tmp_path / "ab/plan.json"
    box = pretend(mine)
    assert processes.find(mine) == (box.pid,)
    assert processes.find(other) == ()


def test_ending_kills_and_says_whether_there_was_one(
    tmp_path: Path, pretend: Callable[[Path], subprocess.Popen[bytes]]
) -> None:
    plan = tmp_path / "plan.json"
    box = pretend(plan)
    assert processes.end(plan) is True  # though its parent has not reaped it: a zombie is gone
    assert box.wait(timeout=10) == -9
    assert processes.end(plan) is False


def test_a_launcher_without_a_command_line_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for a moment after Popen returned, while the kernel is still at exec."""
    seen = [(), (), (7,)]
    monkeypatch.setattr(processes, "find", lambda _: seen.pop(0))
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as launcher:
        processes.wait_found(launcher, Path("plan.json"))
        launcher.kill()
    assert seen == []


def test_a_launcher_that_ended_is_not_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as launcher:
        launcher.wait()
        began = time.monotonic()
        processes.wait_found(launcher, Path("/no/such/plan.json"))
    assert time.monotonic() - began < 10


def test_the_launcher_comes_first(tmp_path: Path) -> None:
    plan = Path("/x/plan.json")
    for pid, argv in (
        ("7", ["/usr/bin/python3", "-m", "kubeproof.embedded.box", str(plan), "4"]),
        ("9", processes.launcher_command("/usr/bin/python3", plan, (4, 5))),
        ("8", ["grep", "kubeproof.embedded.box"]),
    ):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_text("\0".join(argv) + "\0")
    (tmp_path / "self").mkdir()
    assert processes.find(plan, tmp_path) == (9, 7)
