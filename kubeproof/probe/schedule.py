"""
When requests are due, and who sends them until told to stop.

A sender that waits for its answers asks less while the system is slow, and sees less of it (coordinated omission): what
is due is due, however late the answers come.
"""

import select
import sys
import threading
import time
from collections.abc import Callable, Iterable


class Schedule:
    """Intended times, `rate` a second for `seconds`: what is due is due, however late the answers come."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._interval = 1 / rate
        self._began = time.time()
        self._left = int(rate * seconds)
        self._next = 0
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def take(self) -> float | None:
        """The next intended time, slept for; None when the schedule is over or stopped."""
        with self._lock:
            if self.stopped.is_set() or self._next >= self._left:
                return None
            intended = self._began + self._next * self._interval
            self._next += 1
        # A request already taken is sent even when the stop comes meanwhile: the log has no holes.
        time.sleep(max(0.0, intended - time.time()))
        return intended


def run_until_told(runs: Iterable[Callable[[], None]], schedules: Iterable[Schedule]) -> None:
    """Run each in a thread until all are over; a line or the end of standard input stops the schedules."""
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if select.select([sys.stdin], [], [], 0.2)[0]:
            break
    for schedule in schedules:
        schedule.stopped.set()
    for thread in threads:
        thread.join()
