"""What all calls together may repeat."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.retry_budget import FLOOR, SHARE, WINDOW, RetryBudget
from tests.consumer.hand_clock import HandClock


def test_the_bounds_are_those_that_were_promised() -> None:
    assert (SHARE, FLOOR, WINDOW) == (0.2, 10, 10)


def test_a_quiet_service_may_retry_up_to_the_floor() -> None:
    budget = RetryBudget(HandClock())
    assert [budget.spend() for _ in range(FLOOR + 3)] == [True] * FLOOR + [False] * 3


def test_every_fifth_call_earns_a_retry() -> None:
    budget = RetryBudget(HandClock())
    for _ in range(100):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == FLOOR + 20


def test_what_was_spent_comes_back_when_the_window_has_passed() -> None:
    clock = HandClock()
    budget = RetryBudget(clock)
    while budget.spend():
        pass
    clock.pass_by(WINDOW - 1)
    assert not budget.spend()
    clock.pass_by(1)
    assert budget.spend()


@given(st.lists(st.tuples(st.floats(min_value=0, max_value=4), st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_in_no_window_do_retries_exceed_a_fifth_of_the_calls_and_the_floor(steps: list[tuple[float, int, int]]) -> None:
    clock = HandClock()
    budget = RetryBudget(clock)
    calls: list[int] = []
    retries: list[int] = []
    for pause, earned, wanted in steps:
        clock.pass_by(pause)
        for _ in range(earned):
            budget.earn()
            calls.append(int(clock.now))
        since = int(clock.now) - WINDOW
        allowed = SHARE * sum(at > since for at in calls) + FLOOR
        for _ in range(wanted):
            spent = sum(at > since for at in retries)
            granted = budget.spend()
            assert granted == (spent + 1 <= allowed)  # never more, and never less either
            if granted:
                retries.append(int(clock.now))
