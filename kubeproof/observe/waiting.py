"""Waits with a time-out and a description of what is waited for; each looks whether Ctrl-C was pressed."""

import threading
import time
from collections.abc import Callable

from kubeproof.interruption import look


class NotInTime(Exception):
    """What was waited for was not so when the time-out was over."""

    def __init__(self, hoping: str, within: float, last: str = "") -> None:
        super().__init__(f"hoped that {hoping}; it was not so after {within:.0f} s" + (f" ({last})" if last else ""))


def wait_until(
    true: Callable[[], bool],
    *,
    within: float,
    hoping: str,
    wake: threading.Condition | None = None,
    last: Callable[[], str] = lambda: "",
) -> None:
    """
    Return once `true()` holds; raise NotInTime after `within` seconds.

    `hoping` describes it, for the error; `last` gives what was last seen. With `wake`, a condition that is notified
    whenever something was seen, the question is asked then and not on a timer, and after one second at the latest:
    not all that changes is watched.
    """
    deadline = time.monotonic() + within
    look()
    while not true():
        look()
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotInTime(hoping, within, last())
        if wake is None:
            time.sleep(min(0.1, left))
        else:
            with wake:
                wake.wait(min(1.0, left))


def pause(seconds: float) -> None:
    """Let so much time pass."""
    look()
    time.sleep(max(0.0, seconds))
    look()
