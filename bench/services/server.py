"""
A server under measurement: a contestant's process on a processor of its own, waited for until it is ready.

`running` gives the seconds from its start to its first good answer to readiness, then what it costs while it is asked.
It is killed at the end: how services end is measured elsewhere (the drain has its own tests).
"""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import CannotMeasure
from bench.processes import cpu_seconds, family, resident_mebibytes
from bench.services.environments import Environment
from bench.services.quota import Quota
from children.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 30.0  # seconds, also for a slow one on half a processor
ASK_EVERY = 0.005  # seconds between two questions for readiness
# Enters the cgroup, if there is one, before the program it becomes begins.
ENTER = 'if [ -n "$0" ]; then echo $$ > "$0"; fi; exec "$@"'


@dataclass(frozen=True)
class Contestant:
    """
    A service that answers GET /items/{id}: its dependency group and how it is started.

    `command` follows the interpreter, with {port} replaced; `imports` is its PYTHONPATH below the repository; `ready`
    are the headers that make GET /health a question for readiness; `variables` are added to its environment.
    """

    name: str
    group: str
    command: Sequence[str]
    imports: str
    ready: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    """A contestant that runs and was ready `cold_start` seconds after it was started."""

    pid: int
    port: int
    cold_start: float
    quota: Quota | None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor seconds until now, of all its processes."""
        return cpu_seconds(family([self.pid]))

    def mebibytes(self) -> float:
        """Resident memory now, of all its processes."""
        return resident_mebibytes(family([self.pid]))


@contextmanager
def running(
    contestant: Contestant,
    environment: Environment,
    *,
    variables: Mapping[str, str],
    scratch: Path,
    cpus: frozenset[int],
    quota: Quota | None = None,
) -> Iterator[Server]:
    """Start a contestant, lend it once it is ready, kill it. Raises CannotMeasure with its last words."""
    port = free_port()
    log = scratch / f"{contestant.group}.log"
    command = [environment.python, *(word.format(port=port) for word in contestant.command)]
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "PYTHONPATH": str(ROOT / contestant.imports),
        # An image holds the bytecode; the repository must not.
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
        "PORT": str(port),
        **contestant.variables,
        **variables,
    }
    entering = ["sh", "-c", ENTER, str(quota.procs) if quota else "", *command]
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            entering,
            env=variables,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        )
    try:
        _await_ready(process, port, contestant, log)
        yield Server(process.pid, port, time.monotonic() - began, quota)
    finally:
        with suppress(ProcessLookupError):  # it ended by itself, and _await_ready said so
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Ask once on a new connection; raises OSError or HTTPException without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _await_ready(process: subprocess.Popen[bytes], port: int, contestant: Contestant, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            status, _ = get(port, "/health", contestant.ready)
        except (OSError, http.client.HTTPException):
            status = 0
        if status == 200:
            return
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-1500:]
            raise CannotMeasure(f"{contestant.name} was not ready within {READY_WITHIN:.0f} s; it said: {said}")
        time.sleep(ASK_EVERY)
