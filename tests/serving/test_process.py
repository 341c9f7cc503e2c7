"""How a service starts and ends as a process; above all, that a signal that comes early is not lost."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import serving
from children.postgres import free_port
from tests.helpers.service_child import ROOT

PROGRAM = """
import sys, time
from serving.process import run

def settings(env):
    from types import SimpleNamespace
    from serving.settings import Mode, port
    return SimpleNamespace(mode=Mode.PRODUCTION, port=port(env, "PORT", 1))

def build(settings, instance):
    print("building", flush=True)
    time.sleep(float(sys.argv[1]))  # a slow import, a database that lets us wait
    from bottle import Bottle
    return Bottle(), lambda: print("let go", flush=True)

sys.exit(run("small", settings, build))
"""


@contextmanager
def starting(building: float, *prefix: str, port: int | str | None = None) -> Iterator[subprocess.Popen[str]]:
    """The small service, `building` for so many seconds before it listens."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PORT": str(port or free_port())}
    command = [*prefix, sys.executable, "-c", PROGRAM, str(building)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_signal_before_it_listens_ends_it_in_order() -> None:
    with starting(0.5) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=5)
        assert process.returncode == 0
        assert "listening" not in out
        assert out.endswith("let go\n")


def test_a_second_signal_ends_it_at_once_also_before_it_listens() -> None:
    with starting(30) as process:
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 5
        while process.poll() is None and time.monotonic() < deadline:  # two that come close together may count as one
            process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert process.wait(1) == 128 + signal.SIGTERM


NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child")


@pytest.mark.skipif(
    subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode != 0,
    reason="no process namespace of its own here: needs root and unshare",
)
def test_as_process_1_it_gets_the_signal_too() -> None:
    # The kernel gives process 1 only the signals it has a handler for.
    with starting(0.5, *NAMESPACE) as unshare:
        assert unshare.stdout is not None
        assert unshare.stdout.readline() == "building\n"
        [child] = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
        assert unshare.wait(5) == 0


def test_a_wrong_setting_is_a_sentence_and_exit_2() -> None:
    with starting(0, port="x") as process:
        out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (2, "", "small: PORT must be a port between 1 and 65535, not 'x'\n")


def test_a_port_that_is_taken_is_a_sentence_exit_1_and_everything_is_let_go(closed_port: int) -> None:
    with starting(0, port=closed_port) as process:
        out, err = process.communicate(timeout=5)
    assert process.returncode == 1
    assert err.startswith(f"small: cannot listen on port {closed_port}: ")
    assert out.endswith("let go\n")


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert serving.__version__ == project["version"]
