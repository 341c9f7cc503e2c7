"""Finding, entering and ending a box: its processes are known by what they were started as, not by remembered numbers.

A pid file can be lost (kill -9 between start and writing) or name a stranger (pids are used again); the command
line with the cluster's own plan path cannot.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from kubeproof.embedded.errors import ClusterError
from kubeproof.embedded.preflight import SYSTEM_PATH

PROC = Path("/proc")
Done = subprocess.CompletedProcess[str]

# Of the programs of this package that outlive their caller, or take care when it dies: nothing of its own settings.
OUR_ENVIRONMENT = {
    "PATH": SYSTEM_PATH,
    "PYTHONPATH": str(Path(__file__).parent.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def launcher_command(python: str, plan: Path, sockets: Sequence[int]) -> list[str]:
    """The command that makes the namespaces and runs the box in them, with the numbers of its listening sockets."""
    namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    box = [python, "-m", "kubeproof.embedded.box", str(plan), *map(str, sockets)]
    return ["unshare", *namespaces, "--propagation", "private", *box]


def find(plan: Path, proc: Path = PROC) -> tuple[int, ...]:
    """The pids of the launcher and the box of the cluster with this plan; the launcher first; () if none."""
    marks = ("kubeproof.embedded.box", str(plan))
    found = {}
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # ended between the listing and the look
        if all(mark in argv for mark in marks):  # a zombie has no command line
            found[int(entry.name)] = os.path.basename(argv[0]) != "unshare"
    return tuple(sorted(found, key=lambda pid: (found[pid], pid)))


def wait_found(launcher: subprocess.Popen[bytes], plan: Path, patience: float = 10.0) -> None:
    """Return once find() can see a launcher that was just started, or once it has ended; at most after `patience`.

    Popen returns while the kernel is still at exec: for a moment the process has no command line, and whoever looked
    then would take it for dead.
    """
    deadline = time.monotonic() + patience
    while launcher.poll() is None and not find(plan) and time.monotonic() < deadline:
        time.sleep(0.001)


def in_box(pid: int, command: Sequence[str], stdin: IO[bytes] | int = subprocess.DEVNULL) -> Done:
    """Run a command with the files and the network of the box that this process is of; how it ended is the caller's."""
    enter = ("nsenter", f"--target={pid}", "--mount", "--net")
    return subprocess.run([*enter, *command], stdin=stdin, capture_output=True, text=True, check=False)


def end(plan: Path, patience: float = 20.0) -> bool:
    """Kill the box and wait until it is gone; whether there was one."""
    pids = find(plan)
    deadline = time.monotonic() + patience
    remaining = pids
    while remaining:
        for pid in remaining:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise ClusterError(f"the box's processes {remaining} did not end within {patience:.0f} s of SIGKILL")
        time.sleep(0.02)
        remaining = find(plan)
    return bool(pids)
