"""The pauses between attempts."""

import pytest

from consumer.call import Reply
from consumer.retrying import Patience, asked_for, pauses, wait


def test_pauses_are_anywhere_below_bounds_that_double_up_to_a_second() -> None:
    seen = [list(pauses(Patience(attempts=7))) for _ in range(300)]
    for which, bound in enumerate((0.1, 0.2, 0.4, 0.8, 1.0, 1.0)):
        these = [drawn[which] for drawn in seen]
        assert 0 <= min(these) < 0.1 * bound
        assert 0.9 * bound < max(these) <= bound


def test_there_is_one_pause_less_than_attempts() -> None:
    assert len(list(pauses(Patience()))) == 2


@pytest.mark.parametrize(
    ("said", "seconds"), [("3", 3), ("0", 0), ("", 0), ("-1", 0), ("1.5", 0), ("²", 0), ("9" * 5000, 0)]
)
def test_a_retry_after_is_whole_seconds_or_nothing(said: str, seconds: int) -> None:
    assert asked_for(Reply(503, {"retry-after": said}, b"")) == seconds


def test_nothing_is_waited_for_once_the_process_is_told_to_stop() -> None:
    assert not wait(0.0, lambda: True)
    assert wait(0.0, lambda: False)
