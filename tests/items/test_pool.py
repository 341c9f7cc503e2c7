"""The pool's promises, with connections that are none."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

import items.pool
from items.errors import StoreUnavailable
from items.outage_backoff import OutageBackoff
from items.pool import QUEUE, Pool


class FakeLine:
    """Stands in for a connection."""

    def __init__(self, opened: float = 1.0) -> None:
        self.opened = opened
        self.exchanges = 0
        self.settled = True
        self.spoken_to = False
        self.closed = False

    def close(self) -> None:
        self.closed = True


def pool_of(size: int, open_line: Callable[[], Any] = FakeLine, outage: OutageBackoff | None = None) -> Pool:
    return Pool(open_line, size=size, outage=outage or OutageBackoff())


def lent(pool: Pool) -> Any:
    return pool.lend()[0]


def test_the_last_given_back_is_the_first_lent_and_so_few_are_opened() -> None:
    pool = pool_of(3)
    first, second = lent(pool), lent(pool)
    pool.give_back(second)
    pool.give_back(first)
    assert pool.lend() == (first, False)
    assert (pool.counts().idle, pool.counts().lent, pool.counts().opened) == (1, 1, 2)


def test_a_connection_that_heard_something_while_idle_is_replaced() -> None:
    pool = pool_of(1)
    line = lent(pool)
    pool.give_back(line)
    line.spoken_to = True
    other, new = pool.lend()
    assert (other is line, new, line.closed) == (False, True, True)


def test_a_connection_within_a_transaction_is_not_kept() -> None:
    pool = pool_of(1)
    line = lent(pool)
    line.settled = False
    pool.give_back(line)
    assert line.closed
    assert lent(pool) is not line


def test_connections_from_before_an_outage_are_not_trusted_after_it() -> None:
    outage = OutageBackoff(clock=lambda: 5.0)
    pool = pool_of(1, outage=outage)
    line = lent(pool)
    pool.give_back(line)
    outage.failed("silent")
    with pytest.raises(StoreUnavailable, match="silent"):
        pool.lend()
    outage.ended()
    assert lent(pool) is not line
    assert line.closed


def test_nobody_waits_longer_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items.pool, "PATIENCE", 0.05)
    pool = pool_of(1)
    lent(pool)
    with pytest.raises(StoreUnavailable, match="all 1 connections to the database are in use"):
        pool.lend()
    assert (pool.counts().waiting, pool.counts().refused) == (0, 1)


def test_who_waits_gets_what_is_given_back_or_room_for_another() -> None:
    for end in ("give_back", "drop"):
        pool = pool_of(1)
        line = lent(pool)
        got: list[object] = []
        waiter = threading.Thread(target=lambda pool=pool, got=got: got.append(lent(pool)))
        waiter.start()
        _until(lambda pool=pool: pool.counts().waiting == 1)
        getattr(pool, end)(line)
        waiter.join(2)
        assert (len(got), got[0] is line) == (1, end == "give_back")


def test_the_queue_is_bounded_and_beyond_it_the_answer_is_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items.pool, "PATIENCE", 30.0)
    pool = pool_of(1)
    line = lent(pool)

    def borrow() -> None:
        pool.give_back(lent(pool))

    waiters = [threading.Thread(target=borrow) for _ in range(QUEUE)]
    for waiter in waiters:
        waiter.start()
    _until(lambda: pool.counts().waiting == QUEUE)
    with pytest.raises(StoreUnavailable, match="in use"):
        pool.lend()
    pool.give_back(line)
    for waiter in waiters:
        waiter.join(2)
    assert (pool.counts().idle, pool.counts().lent, pool.counts().refused) == (1, 0, 1)


def test_who_cannot_open_gives_the_place_back_and_the_others_are_spared() -> None:
    tries: list[int] = []

    def fails() -> Any:
        tries.append(1)
        raise ConnectionRefusedError("Connection refused")

    pool = pool_of(1, fails, OutageBackoff(clock=lambda: 5.0))
    with pytest.raises(ConnectionRefusedError):
        pool.lend()
    for _ in range(50):
        with pytest.raises(StoreUnavailable, match="Connection refused"):
            pool.lend()
    assert len(tries) == 1
    assert (pool.counts().lent, pool.counts().not_opened) == (0, 1)


def test_a_server_that_lets_nobody_in_is_no_outage_for_who_is_in() -> None:
    lines: list[Any] = [FakeLine()]

    def open_line() -> Any:
        if not lines:
            raise RuntimeError("sorry, too many clients already")
        return lines.pop()

    pool = pool_of(2, open_line)
    line = lent(pool)
    with pytest.raises(RuntimeError, match="too many clients"):
        pool.lend()
    with pytest.raises(StoreUnavailable, match="too many clients"):
        pool.lend()
    pool.give_back(line)
    assert lent(pool) is line


def test_after_close_nothing_is_kept() -> None:
    pool = pool_of(2)
    idle, used = lent(pool), lent(pool)
    pool.give_back(idle)
    pool.close()
    pool.give_back(used)
    assert (idle.closed, used.closed, pool.counts().idle) == (True, True, 0)


def test_many_threads_never_share_a_connection_or_exceed_the_size() -> None:
    pool = pool_of(3)
    using: set[int] = set()
    wrong: list[str] = []

    def borrow_often() -> None:
        for _ in range(300):
            line = lent(pool)
            if id(line) in using or len(using) >= 3:
                wrong.append("shared, or too many")
            using.add(id(line))
            using.discard(id(line))
            pool.give_back(line)

    threads = [threading.Thread(target=borrow_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert pool.counts().opened <= 3


def _until(true: Callable[[], bool]) -> None:
    """Wait until it is true, at most 2 s."""
    pause = threading.Event()
    for _ in range(200):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("not in time")
