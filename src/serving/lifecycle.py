"""Where in its life the process is; set by a signal, read by every request."""

import os
import signal
from collections.abc import Callable
from types import FrameType


class Lifecycle:
    """Serving until told to stop, then draining; there is no way back."""

    def __init__(self) -> None:
        self._draining = False
        self._wake: Callable[[], None] | None = None

    @property
    def draining(self) -> bool:
        """True from the first SIGTERM on: finish what is here, take leave of each connection."""
        return self._draining

    def drain(self) -> None:
        """Begin to drain. Safe in a signal handler: takes no lock."""
        self._draining = True
        if self._wake is not None:
            self._wake()

    def wakes(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when the drain begins; it must be safe in a signal handler."""
        self._wake = wake


def drain_on_signals(lifecycle: Lifecycle) -> None:
    """
    Make SIGTERM and SIGINT begin the drain, and a second one end the process at once with 128 + its number.

    To be called before anything that takes long: process 1 of a container without a handler never gets the signal.
    """

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if lifecycle.draining:
            os._exit(128 + number)
        lifecycle.drain()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
