"""A time after a failure in which nobody tries again, so that a dead database is not hammered by every request."""

import random
import threading
import time
from collections.abc import Callable

FIRST, LONGEST = 0.1, 2.0  # seconds: the bounds of a backoff, before jitter
WATCHED = 5.0  # seconds: longer than the time between two reports of somebody who watches


class OutageBackoff:
    """
    Over and over: a failure begins a backoff, longer than the last; when it has run out, one caller may try.

    Safe from many threads. `random` gives 0 to 1: the jitter keeps pods from coming back all at once.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, random: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self._reason = ""  # why, while there is one; else empty
        self.since = 0.0  # on the clock: when the last one began

    def refuses(self) -> str:
        """Say why nobody may try now; empty when the caller may. The one who may must report how it went."""
        if not self._reason:  # read without the lock: the usual case, asked by every request
            return ""
        with self._lock:
            now = self._clock()
            if now < self._until:
                return self._reason
            self._until = now + self._length()  # this caller tries; the others wait for what it finds
            return ""

    def failed(self, reason: str, *, watched: bool = False) -> None:
        """Begin a backoff, or go on with it. `watched`: the reporter itself tries again, so that callers need not."""
        with self._lock:
            now = self._clock()
            if not self._reason:
                self.since = now
            self._reason = reason
            self._failures += 1
            self._until = max(self._until, now + (WATCHED if watched else self._length()))

    def ended(self) -> None:
        """End it: somebody tried and it went well."""
        if not self._reason:
            return
        with self._lock:
            self._reason, self._failures, self._until = "", 0, 0.0

    def _length(self) -> float:
        longest: float = min(LONGEST, FIRST * 2 ** min(self._failures, 10))
        return longest * (0.5 + self._random() / 2)
