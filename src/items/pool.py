"""A bounded pool of connections: the last one given back is the first lent, and nobody waits for long."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from items.connection import BROKEN, hang_up, said
from items.errors import StoreUnavailable
from items.outage_backoff import OutageBackoff
from items.wire import Line

PATIENCE = 0.5  # seconds that a borrower waits for a connection
QUEUE = 2  # borrowers that may wait for each connection there may be


@dataclass(frozen=True)
class PoolCounts:
    """What a pool holds now: `idle`, `lent`, `waiting`. What happened since its start: the others."""

    idle: int
    lent: int
    waiting: int
    opened: int
    not_opened: int
    refused: int
    exchanges: int


class Pool:
    """
    Lends connections, each to one thread at a time.

    `outage` is shared with whoever else watches the database. While it lasts nobody is lent a connection, and those
    that were open when it began are not trusted after it. A server that answers but lets nobody in is no outage: then
    only opening has a backoff.
    """

    def __init__(self, open_line: Callable[[], Line], *, size: int, outage: OutageBackoff) -> None:
        self._open = open_line
        self._size = size
        self._outage = outage
        self._opening = OutageBackoff()
        self._changed = threading.Condition()
        self._idle: list[Line] = []
        self._closed = False
        self._lent = self._waiting = self._refused = 0
        self._begun = self._not_opened = self._exchanges = 0

    def lend(self) -> tuple[Line, bool]:
        """Give a connection that seems alive, and whether it is new; raises StoreUnavailable or what opening raises."""
        line = self._take()
        if line is not None and (line.spoken_to or line.opened < self._outage.since):
            hang_up(line)
            line = None
        return (self._opened(), True) if line is None else (line, False)

    def give_back(self, line: Line) -> None:
        """Take back what was lent, for the next borrower."""
        with self._changed:
            fit = line.settled and not self._closed
            if fit:
                self._idle.append(line)
            self._ended(line)
        if not fit:
            hang_up(line)

    def drop(self, line: Line) -> None:
        """Take back what was lent and is of no more use."""
        hang_up(line)
        with self._changed:
            self._ended(line)

    def close(self) -> None:
        """Close what is idle now; what is lent, when it is given back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            hang_up(line)

    def counts(self) -> PoolCounts:
        """Give the counts now."""
        with self._changed:
            return PoolCounts(
                idle=len(self._idle),
                lent=self._lent,
                waiting=self._waiting,
                opened=self._begun - self._not_opened,
                not_opened=self._not_opened,
                refused=self._refused,
                exchanges=self._exchanges,
            )

    def _take(self) -> Line | None:
        """Give an idle connection, or None for the right to open one."""
        if reason := self._outage.refuses():
            raise StoreUnavailable(f"the database does not answer: {reason}")
        with self._changed:
            if not self._idle and self._lent >= self._size:
                self._wait()
            self._lent += 1
            return self._idle.pop() if self._idle else None

    def _wait(self) -> None:
        """Wait until there is a connection or room for one; the lock is held."""
        deadline = time.monotonic() + PATIENCE
        self._waiting += 1
        try:
            while not self._idle and self._lent >= self._size:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self._waiting > QUEUE * self._size:
                    self._refused += 1
                    raise StoreUnavailable(f"all {self._size} connections to the database are in use")
                self._changed.wait(remaining)
        finally:
            self._waiting -= 1

    def _opened(self) -> Line:
        try:
            if reason := self._opening.refuses():
                raise StoreUnavailable(f"the database refused: {reason}")
            line = self._attempted()
        except Exception:
            with self._changed:
                self._lent -= 1
                self._changed.notify()
            raise
        self._opening.ended()
        return line

    def _attempted(self) -> Line:
        with self._changed:
            self._begun += 1
        try:
            return self._open()
        except Exception as error:
            (self._outage if isinstance(error, BROKEN) else self._opening).failed(said(error))
            with self._changed:
                self._not_opened += 1
            raise

    def _ended(self, line: Line) -> None:
        """Count a loan that is over; the lock is held."""
        self._exchanges += line.exchanges
        line.exchanges = 0
        self._lent -= 1
        self._changed.notify()
