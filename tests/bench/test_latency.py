"""Latency counts from the time a request was due, and percentiles are of requests that happened."""

import pytest

from bench.services.generator import parsed
from bench.services.latency import Latency, Request, latency, lateness, percentile, seconds_of


def request(due: float, took: float, status: int = 200, late: float = 0.0) -> Request:
    """Make a request that was due at `due` and took so many seconds from then."""
    return Request(due, due + late, due + took, status)


def test_a_stall_is_felt_by_all_who_were_due_in_it() -> None:
    """One stall of 1 s: a generator that waits would have seen one slow request; here a hundred were."""
    stalled = [request(n / 100, 1.0 - n / 100, late=1.0 - n / 100 - 0.001) for n in range(100)]
    smooth = [request(1 + n / 100, 0.001) for n in range(100)]
    assert latency(stalled + smooth).p99 > 950


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (50, 50), (99, 99), (99.9, 100), (100, 100), (1, 1), (1.5, 2)]
)
def test_percentiles_are_nearest_ranks(percent: float, expected: float) -> None:
    assert percentile(range(1, 101), percent) == expected


def test_a_percentile_of_one_is_that_one_and_of_nothing_is_refused() -> None:
    assert percentile([7.0], 99.9) == 7.0
    with pytest.raises(ValueError, match="no percentile of nothing"):
        latency([])


def test_who_was_refused_or_not_answered_is_failed_and_still_counted() -> None:
    seen = latency([request(0, 0.001), request(1, 0.002, status=503), request(2, 10.0, status=0)])
    assert seen == Latency(requests=3, failed=2, p50=pytest.approx(2), p99=10000, p999=10000)


def test_the_generators_own_lateness_is_told_apart() -> None:
    assert lateness([request(n, 0.5, late=0.003) for n in range(10)]) == pytest.approx(3)


def test_a_load_lasts_until_its_last_answer() -> None:
    assert seconds_of([request(0, 5.0), request(1, 1.0)]) == 5.0


def test_the_generators_lines_are_read() -> None:
    """Nanoseconds become seconds; an error may hold the separator."""
    lines = ["0,1000000,3000000,200,", '5000000,5000000,10005000000,0,"Get ""x"": EOF, or so"']
    assert parsed(lines) == [
        Request(0.0, 0.001, 0.003, 200),
        Request(0.005, 0.005, 10.005, 0, 'Get "x": EOF, or so'),
    ]


@pytest.mark.parametrize("line", ["", "0,1,2", "0,1,x,200,"])
def test_a_line_of_another_shape_is_refused(line: str) -> None:
    """A load that is read wrong would measure something that did not happen."""
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        parsed(["0,1,2,200,", line])
