"""Two lanes of workers: a burst queues, the urgent never waits for it, and who queues for too long is told so."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from serving.workers import Workers


class Job:
    """A request that waits until it is let go."""

    def __init__(self, *, urgent: bool = False, waits: bool = True) -> None:
        self.urgent, self.refused = urgent, False
        self.begun, self.let_go, self.done = threading.Event(), threading.Event(), threading.Event()
        if not waits:
            self.let_go.set()

    def service(self) -> None:
        self.begun.set()
        assert self.refused or self.let_go.wait(5)
        self.done.set()


class Lanes:
    """One general worker, one in reserve, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.workers = Workers(general=1, reserve=1, patience=0.5, clock=lambda: self.now)
        self._jobs: list[Job] = []

    def add(self, *, urgent: bool = False, waits: bool = True) -> Job:
        """Hand a job over."""
        job = Job(urgent=urgent, waits=waits)
        self._jobs.append(job)
        self.workers.add_task(job)
        self.workers.hand_out()
        return job

    def end(self) -> None:
        """Let everything go and end the workers."""
        for job in self._jobs:
            job.let_go.set()
        self.workers.shutdown(timeout=5)


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    """Workers of which the general one is held by a job."""
    lanes = Lanes()
    assert lanes.add().begun.wait(5)
    yield lanes
    lanes.end()


def test_the_urgent_does_not_wait_for_the_queue(lanes: Lanes) -> None:
    queued = lanes.add(waits=False)
    assert lanes.add(urgent=True, waits=False).done.wait(5)
    assert (queued.begun.is_set(), lanes.workers.waiting) == (False, 1)


def test_a_burst_is_served_in_the_order_it_came(lanes: Lanes) -> None:
    first, second = lanes.add(), lanes.add(waits=False)
    lanes.now += 0.4
    lanes.workers.hand_out()
    lanes.end()
    assert [(job.done.is_set(), job.refused) for job in (first, second)] == [(True, False), (True, False)]


def test_who_queues_for_too_long_is_refused_by_the_reserve(lanes: Lanes) -> None:
    overdue = lanes.add()
    lanes.now += 0.3
    in_time = lanes.add()
    lanes.now += 0.3
    lanes.workers.hand_out()
    assert overdue.done.wait(5)
    assert (overdue.refused, in_time.begun.is_set(), lanes.workers.waiting) == (True, False, 1)


def test_what_was_refused_is_not_served_again(lanes: Lanes) -> None:
    lanes.add()
    lanes.now += 1
    lanes.workers.hand_out()
    after = lanes.add(waits=False)
    lanes.end()
    assert after.done.is_set()
    assert not after.refused


class FirstTaken(deque[Any]):
    """A queue of which a worker takes the first entry between a look at it and taking it out."""

    def popleft(self) -> Any:
        super().popleft()
        return super().popleft()


@pytest.mark.parametrize("behind", [0, 1])
def test_who_stands_behind_one_that_a_worker_took_meanwhile_is_not_refused_for_it(lanes: Lanes, behind: int) -> None:
    lanes.add()
    lanes.now += 0.4
    in_time = [lanes.add(waits=False) for _ in range(behind)]
    lanes.now += 0.2
    queue = lanes.workers._queue = FirstTaken(lanes.workers._queue)
    lanes.workers._refuse_overdue()
    lanes.workers._queue = deque(queue)
    assert lanes.add(urgent=True, waits=False).done.wait(5)  # whatever went to the reserve is done too
    assert ([job.begun.is_set() for job in in_time], lanes.workers.waiting) == ([False] * behind, behind)
    lanes.end()
    assert [(job.done.is_set(), job.refused) for job in in_time] == [(True, False)] * behind


def test_a_shutdown_serves_what_is_queued_first() -> None:
    lanes = Lanes()
    jobs = [lanes.add(waits=False) for _ in range(20)]
    lanes.end()
    assert all(job.done.is_set() for job in jobs)


def test_a_shutdown_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    lanes = Lanes()
    stuck = lanes.add()
    assert stuck.begun.wait(5)
    began = time.monotonic()
    lanes.workers.shutdown(timeout=0.1)
    assert time.monotonic() - began < 2
    assert "1 workers were still busy" in caplog.text
    stuck.let_go.set()


def test_a_worker_outlives_what_breaks_on_it() -> None:
    class Broken(Job):
        def service(self) -> None:
            raise ZeroDivisionError

    lanes = Lanes()
    lanes.workers.add_task(Broken())
    assert lanes.add(waits=False).done.wait(5)
    lanes.end()
