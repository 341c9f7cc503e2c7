"""Waits with a bound and a hope; each looks whether Ctrl-C was pressed."""

import threading
import time
from collections.abc import Callable

from kubeproof.interruption import look


class NotInTime(Exception):
    """What was hoped for did not come true within its bound."""

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

    With `wake`, the question is asked again each time something was seen, not on a timer; one second is the
    longest silence, in case what changed was not watched.
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
