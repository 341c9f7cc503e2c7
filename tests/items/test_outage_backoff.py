"""When may somebody try again: with a clock that stands still until told."""

from itertools import pairwise

from items.outage_backoff import FIRST, LONGEST, WATCHED, OutageBackoff


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def backoff_at(clock: Clock) -> OutageBackoff:
    """A backoff whose jitter is at its longest."""
    return OutageBackoff(clock=clock, random=lambda: 1.0)


def test_before_any_failure_everybody_may() -> None:
    backoff = OutageBackoff()
    assert [backoff.refuses() for _ in range(3)] == ["", "", ""]


def test_after_a_failure_nobody_may_until_it_has_run_out_and_then_one() -> None:
    clock = Clock()
    backoff = backoff_at(clock)
    backoff.failed("refused")
    assert backoff.refuses() == "refused"
    clock.now += 2 * FIRST
    assert [backoff.refuses() for _ in range(3)] == ["", "refused", "refused"]


def test_backoffs_grow_to_the_longest() -> None:
    clock = Clock()
    backoff = backoff_at(clock)
    lengths = []
    for _ in range(10):
        backoff.failed("refused")
        began = clock.now
        while backoff.refuses():
            clock.now += 0.01
        lengths.append(clock.now - began)
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(lengths))
    assert lengths[0] < 3 * FIRST
    assert LONGEST - 0.05 < lengths[-1] < LONGEST + 0.05


def test_it_ends_for_all_when_somebody_succeeds_and_begins_short_again() -> None:
    clock = Clock()
    backoff = backoff_at(clock)
    for _ in range(8):
        backoff.failed("refused")
    backoff.ended()
    assert [backoff.refuses() for _ in range(2)] == ["", ""]
    backoff.failed("again")
    clock.now += 2 * FIRST
    assert backoff.refuses() == ""


def test_while_somebody_watches_nobody_else_need_try() -> None:
    clock = Clock()
    backoff = backoff_at(clock)
    for _ in range(20):
        backoff.failed("silent", watched=True)
        clock.now += WATCHED - 0.1
        assert backoff.refuses() == "silent"
    clock.now += 0.2  # the watcher does not come back
    assert backoff.refuses() == ""


def test_since_is_when_the_present_one_began() -> None:
    clock = Clock()
    backoff = backoff_at(clock)
    backoff.failed("silent")
    clock.now += 7
    backoff.failed("silent")
    assert backoff.since == 1000.0
    backoff.ended()
    backoff.failed("silent")
    assert backoff.since == 1007.0


def test_jitter_keeps_two_pods_apart() -> None:
    clock = Clock()
    early, late = OutageBackoff(clock=clock, random=lambda: 0.0), backoff_at(clock)
    early.failed("refused")
    late.failed("refused")
    clock.now += 1.5 * FIRST
    assert (early.refuses(), late.refuses()) == ("", "refused")
