"""The evidence file's writer: one JSON line an observation, appended as things happen (docs/evidence.md)."""

import fcntl
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kubeproof.evidence.envelope import VERSION, signed


class NotWritten(Exception):
    """The evidence cannot be written, so nothing that is seen from here on counts."""


class Recorder:
    """
    Append evidence lines to one file, safe for many threads and many processes.

    `began` is a reading of CLOCK_MONOTONIC (seconds), shared by all processes of a run on one machine, so that
    every line's `t` counts on the same clock. `writer` names this process; its lines are numbered from 0. `hide` takes
    what nobody may read out of the fields of a line.
    """

    def __init__(
        self, path: Path, writer: str, began: float, hide: Callable[[Any], Any] = lambda fields: fields
    ) -> None:
        self._path, self._file = path, path.open("a", encoding="ascii")
        self._writer = writer
        self._began, self._hide = began, hide
        self._count = 0
        self._of: Counter[str] = Counter()
        self._digest = hashlib.sha256()
        self._lock = threading.RLock()

    def line(self, of: str, kind: str, **fields: Any) -> None:
        """Append one line; it is in the file when this returns. Raises NotWritten."""
        with self._lock:
            line = {"v": VERSION, "w": self._writer, "n": self._count, "of": of, "kind": kind, **self._hide(fields)}
            line["t"] = round(time.monotonic() - self._began, 4)
            text = signed(line) + "\n"
            # Two workers write to one file: the lock keeps their lines whole.
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self._file.write(text)
                self._file.flush()
            except OSError as error:
                raise NotWritten(f"{self._path} cannot be written: {error.strerror}") from error
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._count += 1
            self._of[of] += 1
            self._digest.update(text.encode())

    @contextmanager
    def observation(self, of: str) -> Iterator[None]:
        """Bracket an observation; an error inside is recorded in its end, then raised on."""
        self.line(of, "observe.begin")
        error: str | None = None
        try:
            yield
        except BaseException as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            self.line(of, "observe.end", lines=self._of[of] + 1, error=error)

    def end(self) -> None:
        """Write the last line of the run, which vouches for all before it."""
        with self._lock:  # no line comes between the digest and the line that has it
            self.line("", "run.end", writers={self._writer: self._digest.hexdigest()})

    def close(self) -> None:
        # What could not be written was told when it was tried; closing tries it again.
        with suppress(OSError):
            self._file.close()
