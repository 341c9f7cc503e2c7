"""When the breaker opens, what it lets through, and how it closes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consumer.breaker import Breaker, Rules, State
from tests.consumer.hand_clock import HandClock

RULES = Rules()


def opened(clock: HandClock) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(clock=clock)
    for _ in range(RULES.least):
        assert breaker.admits()
        breaker.record(False)
    return breaker


def test_the_bounds_are_those_that_were_promised() -> None:
    assert Rules(window=10, least=10, share=0.5, open_for=5.0) == RULES


def test_nine_failures_are_too_few_to_tell() -> None:
    breaker = Breaker(clock=HandClock())
    for _ in range(RULES.least - 1):
        breaker.record(False)
    assert (breaker.state, breaker.admits()) == (State.CLOSED, True)


def test_it_opens_at_half_and_not_before() -> None:
    breaker = Breaker(clock=HandClock())
    for _ in range(11):
        breaker.record(True)
    for _ in range(10):
        breaker.record(False)
    assert breaker.state is State.CLOSED  # 10 of 21
    breaker.record(False)
    assert breaker.state is State.OPEN


def test_failures_of_long_ago_do_not_count() -> None:
    clock = HandClock()
    breaker = Breaker(clock=clock)
    for _ in range(RULES.least - 1):
        breaker.record(False)
    clock.pass_by(RULES.window)
    breaker.record(False)
    assert breaker.state is State.CLOSED


def test_open_it_lets_nothing_through_and_says_for_how_long() -> None:
    clock = HandClock()
    breaker = opened(clock)
    assert (breaker.state, breaker.admits(), breaker.retry_after) == (State.OPEN, False, 5)
    clock.pass_by(4.5)
    assert (breaker.state, breaker.admits(), breaker.retry_after) == (State.OPEN, False, 1)
    assert breaker.shown() == {"breaker": "open"}


def test_after_five_seconds_one_attempt_finds_out_and_a_success_closes_it() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.pass_by(RULES.open_for)
    assert breaker.state is State.HALF_OPEN
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.record(True)
    assert (breaker.state, breaker.admits()) == (State.CLOSED, True)
    breaker.record(False)
    assert breaker.state is State.CLOSED  # what went before the outage ended is forgotten


def test_a_failed_probe_opens_it_for_another_five_seconds() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.pass_by(RULES.open_for)
    assert breaker.admits()
    breaker.record(False)
    assert (breaker.state, breaker.admits(), breaker.retry_after) == (State.OPEN, False, 5)


def test_a_probe_that_never_came_back_does_not_hold_the_door_shut() -> None:
    clock = HandClock()
    breaker = opened(clock)
    clock.pass_by(RULES.open_for)
    assert breaker.admits()
    clock.pass_by(RULES.open_for)
    assert breaker.admits()


def test_an_attempt_from_before_it_opened_says_nothing_new() -> None:
    breaker = opened(HandClock())
    breaker.record(True)
    breaker.record(False)
    assert (breaker.state, breaker.retry_after) == (State.OPEN, 5)


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=120))
def test_while_items_is_down_at_most_one_attempt_in_five_seconds_goes_out(steps: list[float]) -> None:
    clock = HandClock()
    breaker = opened(clock)
    went_out: list[float] = []
    for pause in steps:
        clock.pass_by(pause)
        if breaker.admits():
            went_out.append(clock.now)
            breaker.record(False)
    gaps = [later - earlier for earlier, later in pairwise(went_out)]
    assert all(gap >= RULES.open_for for gap in gaps)


@given(st.lists(st.tuples(st.floats(min_value=0, max_value=3), st.booleans()), max_size=200))
def test_a_service_that_answers_mostly_is_never_held_back(steps: list[tuple[float, bool]]) -> None:
    clock = HandClock()
    breaker = Breaker(clock=clock)
    for pause, good in steps:
        clock.pass_by(pause)
        assert breaker.admits()
        for outcome in (True, good, True):
            breaker.record(outcome)
    assert breaker.state is State.CLOSED
