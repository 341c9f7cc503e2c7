"""When may somebody try again: with a clock that stands still until told."""

from itertools import pairwise

from items.outage_backoff import FIRST, LONGEST, WATCHED, Recess


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def recess_at(clock: Clock) -> Recess:
    """A recess whose jitter is at its longest."""
    return Recess(clock=clock, random=lambda: 1.0)


def test_before_any_failure_everybody_may() -> None:
    recess = Recess()
    assert [recess.refuses() for _ in range(3)] == ["", "", ""]


def test_after_a_failure_nobody_may_until_it_has_run_out_and_then_one() -> None:
    clock = Clock()
    recess = recess_at(clock)
    recess.failed("refused")
    assert recess.refuses() == "refused"
    clock.now += 2 * FIRST
    assert [recess.refuses() for _ in range(3)] == ["", "refused", "refused"]


def test_recesses_grow_to_the_longest() -> None:
    clock = Clock()
    recess = recess_at(clock)
    lengths = []
    for _ in range(10):
        recess.failed("refused")
        began = clock.now
        while recess.refuses():
            clock.now += 0.01
        lengths.append(clock.now - began)
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(lengths))
    assert lengths[0] < 3 * FIRST
    assert LONGEST - 0.05 < lengths[-1] < LONGEST + 0.05


def test_it_ends_for_all_when_somebody_succeeds_and_begins_short_again() -> None:
    clock = Clock()
    recess = recess_at(clock)
    for _ in range(8):
        recess.failed("refused")
    recess.ended()
    assert [recess.refuses() for _ in range(2)] == ["", ""]
    recess.failed("again")
    clock.now += 2 * FIRST
    assert recess.refuses() == ""


def test_while_somebody_watches_nobody_else_need_try() -> None:
    clock = Clock()
    recess = recess_at(clock)
    for _ in range(20):
        recess.failed("silent", watched=True)
        clock.now += WATCHED - 0.1
        assert recess.refuses() == "silent"
    clock.now += 0.2  # the watcher does not come back
    assert recess.refuses() == ""


def test_since_is_when_the_present_one_began() -> None:
    clock = Clock()
    recess = recess_at(clock)
    recess.failed("silent")
    clock.now += 7
    recess.failed("silent")
    assert recess.since == 1000.0
    recess.ended()
    recess.failed("silent")
    assert recess.since == 1007.0


def test_jitter_keeps_two_pods_apart() -> None:
    clock = Clock()
    early, late = Recess(clock=clock, random=lambda: 0.0), recess_at(clock)
    early.failed("refused")
    late.failed("refused")
    clock.now += 1.5 * FIRST
    assert (early.refuses(), late.refuses()) == ("", "refused")
