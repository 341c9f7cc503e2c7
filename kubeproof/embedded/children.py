"""The children of a PID 1: all started, waited for and reaped in one place.

PID 1 of a PID namespace inherits every orphan (containerd's shims leave many) and must reap them. A reaper that
waits for any child would steal the exit status from subprocess's own wait, so both go through this class:
`reap_forever` alone waits, everyone else reads what it wrote down.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a child ended: `status` as of subprocess (negative: a signal), and what it printed."""

    status: int
    output: str


class Children:
    """Starts children and remembers how each ended. `on_exit(pid, status)` is called for daemons."""

    def __init__(self, on_exit: Callable[[int, int], None]) -> None:
        self._on_exit = on_exit
        self._changed = threading.Condition()
        self._statuses: dict[int, int] = {}
        self._helpers: set[int] = set()
        self._daemons: set[int] = set()

    def start(self, argv: Sequence[str], env: Mapping[str, str], log: Path) -> int:
        """Start a daemon that writes to `log`; returns its pid."""
        with log.open("ab") as file, self._changed:
            # Under the lock, so that the reaper cannot meet the child's end before its pid is known.
            process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            self._daemons.add(process.pid)
        process.returncode = 0  # told apart by us, not by subprocess: keeps its destructor from waiting
        return process.pid

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Ended:
        """Run a helper to its end."""
        with self._changed:
            process = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            self._helpers.add(process.pid)
        assert process.stdout is not None
        with process.stdout:
            output = process.stdout.read().decode(errors="replace")
        with self._changed:
            self._changed.wait_for(lambda: process.pid in self._statuses)
            self._helpers.discard(process.pid)
            process.returncode = self._statuses.pop(process.pid)
        return Ended(process.returncode, output)

    def reap_forever(self) -> None:
        """Reap whatever ends, for ever; call it in the main thread of PID 1."""
        while True:
            try:
                pid, raw = os.waitpid(-1, 0)
            except ChildProcessError:
                time.sleep(0.02)  # nobody to wait for yet
                continue
            status = os.waitstatus_to_exitcode(raw)
            with self._changed:
                if pid in self._helpers:
                    self._statuses[pid] = status
                    self._changed.notify_all()
                is_daemon = pid in self._daemons
                self._daemons.discard(pid)
            if is_daemon:
                self._on_exit(pid, status)
