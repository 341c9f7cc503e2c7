"""
How many retries all calls together may cost.

Three attempts per call are no harm while one call fails, and three times the load when all do, exactly when the items
service can least bear it. So retries are a share of the calls (Finagle's and Linkerd's rule: 20 % over 10 s), and a
floor lets a service that is hardly used retry at all.
"""

import threading
import time
from collections.abc import Callable

from consumer.window import Window

SHARE = 0.2
FLOOR = 10
WINDOW = 10  # seconds


class RetryBudget:
    """Within any window: retries <= SHARE x calls + FLOOR. May be used from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._window = Window(WINDOW)  # good: calls, bad: retries

    def earn(self) -> None:
        """Count a call, however it will end."""
        with self._lock:
            self._window.add(True, self._clock())

    def spend(self) -> bool:
        """Take one retry; False when there is none left."""
        with self._lock:
            now = self._clock()
            held = self._window.counts(now)
            if held.bad + 1 > SHARE * held.good + FLOOR:
                return False
            self._window.add(False, now)
            return True
