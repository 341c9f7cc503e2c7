"""A box is found by its command line, and only that box."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster import processes


@pytest.fixture
def pretend(tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Starts a process with the command line of a box."""
    started: list[subprocess.Popen[bytes]] = []

    def start(plan: Path) -> subprocess.Popen[bytes]:
        script = tmp_path / "sleeper"
        script.write_text("import time; time.sleep(60)")
        process = subprocess.Popen([sys.executable, str(script), "cluster.box", str(plan), "4"])
        started.append(process)
        deadline = time.monotonic() + 10
        while not processes.find(plan) and time.monotonic() < deadline:
            time.sleep(0.01)
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


def test_the_launcher_comes_first(tmp_path: Path) -> None:
    plan = Path("/x/plan.json")
    for pid, argv in (
        ("7", ["/usr/bin/python3", "-m", "cluster.box", str(plan), "4"]),
        ("9", processes.launcher_command("/usr/bin/python3", plan, (4, 5))),
        ("8", ["grep", "cluster.box"]),
    ):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_text("\0".join(argv) + "\0")
    (tmp_path / "self").mkdir()
    assert processes.find(plan, tmp_path) == (9, 7)
