"""How many events of two kinds the last seconds held: what the breaker and the retry budget decide by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Events of the one kind and of the other."""

    good: int
    bad: int


class Window:
    """
    Counts in a ring of one-second slots, so that its cost does not grow with the load.

    The oldest slot leaves whole: what counts is the running second and the `seconds - 1` before it. Takes no lock and
    has no clock: the owner has both. `now` is in seconds and must not go back.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._slots = [[0, 0, 0] for _ in range(seconds)]  # which second, good, bad

    def add(self, good: bool, now: float) -> None:
        """Count one event."""
        second = int(now)
        slot = self._slots[second % self._seconds]
        if slot[0] != second:
            slot[:] = [second, 0, 0]
        slot[1 if good else 2] += 1

    def counts(self, now: float) -> Counts:
        """Give what the window holds."""
        oldest = int(now) - self._seconds
        held = [slot for slot in self._slots if slot[0] > oldest]
        return Counts(good=sum(slot[1] for slot in held), bad=sum(slot[2] for slot in held))
