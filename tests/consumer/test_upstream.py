"""Calls to an items service that misbehaves, on real sockets: which are repeated, and when they end."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from consumer.breaker import Breaker, Rules
from consumer.call import Call, Ending, UpstreamFailed
from consumer.retrying import Patience
from consumer.upstream import Upstream
from tests.consumer.calls import (
    DELETE,
    DOWN,
    GET,
    HEADERS,
    IN_PROGRESS,
    KEYED,
    POST,
    QUICK,
    SPARE,
    Remembering,
    failure,
)
from tests.consumer.scripted_upstream import (
    Move,
    answers,
    drips,
    hangs_up,
    resets,
    says,
    says_nothing,
    scripted_upstream,
)
from tests.helpers.service_child import free_port


def test_the_bounds_are_those_that_were_promised() -> None:
    assert Patience() == Patience(connect=1.0, attempt=2.0, total=6.0, attempts=3, first_pause=0.1, longest_pause=1.0)


@pytest.mark.parametrize("call", [GET, replace(GET, method="PUT", body=b"{}"), DELETE, KEYED], ids=lambda c: c.method)
@pytest.mark.parametrize(
    "first", [hangs_up, resets, says_nothing, says(b"\0\n"), DOWN, answers("429 Too Many Requests")]
)
def test_what_may_be_repeated_is_repeated_on_a_new_connection(call: Call, first: Move) -> None:
    with scripted_upstream(first, answers("200 OK")) as server:
        assert Upstream(server.url, QUICK).ask(call).status == 200
        assert (len(server.requests), server.connections) == (2, 2)
        assert server.requests[0] == server.requests[1]


@pytest.mark.parametrize("status", [500, 501, 400, 404, 409, 413, 200])
def test_an_answer_that_a_repeat_would_not_mend_is_final(status: int) -> None:
    with scripted_upstream(answers(f"{status} X")) as server:
        assert Upstream(server.url, QUICK).ask(KEYED).status == status
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("move", "ending"),
    [(hangs_up, Ending.BROKEN), (resets, Ending.BROKEN), (says_nothing, Ending.LATE), (says(b"?\r\n"), Ending.GARBLED)],
)
def test_a_post_without_a_key_that_was_sent_is_never_repeated(move: Move, ending: Ending) -> None:
    with scripted_upstream(move) as server:
        assert failure(Upstream(server.url, QUICK), POST)[0] is ending
        assert len(server.requests) == 1


def test_a_post_without_a_key_that_was_refused_is_not_repeated_either() -> None:
    with scripted_upstream(DOWN) as server:
        assert Upstream(server.url, QUICK).ask(POST).status == 503
        assert len(server.requests) == 1


def test_a_post_whose_connection_was_never_made_is_tried_again() -> None:
    port = free_port()
    patient = replace(QUICK, first_pause=0.4, longest_pause=0.4, total=5.0, attempts=60)
    upstream = Upstream(f"http://127.0.0.1:{port}", patient, breaker=Breaker(Rules(least=1000)))
    replies: list[int] = []
    asking = threading.Thread(target=lambda: replies.append(upstream.ask(POST).status))
    asking.start()
    time.sleep(0.2)
    with scripted_upstream(answers("201 Created"), port=port) as server:
        asking.join()
        assert (replies, len(server.requests)) == ([201], 1)


def test_our_own_earlier_attempt_still_at_work_is_waited_for() -> None:
    with scripted_upstream(says_nothing, IN_PROGRESS, answers("201 Created")) as server:
        reply = Upstream(server.url, QUICK).ask(KEYED)
        assert (reply.status, reply.after_unsure, len(server.requests)) == (201, True, 3)
    with scripted_upstream(says_nothing, IN_PROGRESS) as server:
        reply = Upstream(server.url, QUICK).ask(KEYED)
        assert (reply.status, reply.after_unsure, len(server.requests)) == (409, True, 3)


def test_a_delete_that_broke_off_tells_that_it_may_have_been_done() -> None:
    with scripted_upstream(hangs_up, answers("404 Not Found")) as server:
        reply = Upstream(server.url, QUICK).ask(DELETE)
        assert (reply.status, reply.after_unsure) == (404, True)
    with scripted_upstream(DOWN, answers("404 Not Found")) as server:
        assert not Upstream(server.url, QUICK).ask(DELETE).after_unsure


def test_nobody_listening_is_unreachable_after_three_tries_and_soon(closed_port: int) -> None:
    observer = Remembering()
    ending, said, took = failure(Upstream(f"http://127.0.0.1:{closed_port}", QUICK, observer=observer))
    assert (ending, said) == (Ending.UNREACHABLE, "items cannot be reached")
    assert (observer.endings, observer.retries) == ([Ending.UNREACHABLE] * 3, 2)
    assert took < SPARE


@pytest.mark.parametrize("slow", [says_nothing, drips(HEADERS, b"X-Drop: a\r\n")])
def test_the_deadline_holds_however_many_attempts_are_left(slow: Move) -> None:
    patience = replace(QUICK, attempt=1.2, total=1.6, attempts=100)  # the second may take what is left, not 1.2 s more
    with scripted_upstream(slow) as server:
        ending, said, took = failure(Upstream(server.url, patience))
        assert len(server.requests) == 2
    assert (ending, said) == (Ending.LATE, "items did not answer in time")
    assert took < patience.total + SPARE


def test_three_attempts_and_no_more() -> None:
    with scripted_upstream(DOWN) as server:
        assert Upstream(server.url, QUICK).ask(GET).status == 503
        assert len(server.requests) == 3


def test_a_retry_after_is_waited_for() -> None:
    with scripted_upstream(answers("503 X", b"{}", "Retry-After: 1"), answers("200 OK")) as server:
        began = time.monotonic()
        assert Upstream(server.url, replace(QUICK, total=3.0)).ask(GET).status == 200
        assert time.monotonic() - began >= 1


def test_a_retry_after_beyond_the_deadline_is_the_callers_to_wait_for() -> None:
    with scripted_upstream(answers("503 X", b"{}", "Retry-After: 7")) as server:
        reply = Upstream(server.url, QUICK).ask(GET)
        assert (reply.status, reply.headers["retry-after"], len(server.requests)) == (503, "7", 1)


def offered(upstream: Upstream, calls: int) -> None:
    """Make calls, whatever comes of them."""
    for _ in range(calls):
        try:
            upstream.ask(GET)
        except UpstreamFailed:
            continue


@pytest.mark.parametrize("move", [DOWN, hangs_up])
def test_an_outage_is_not_multiplied_even_without_the_breaker(move: Move) -> None:
    observer = Remembering()
    with scripted_upstream(move) as server:
        patience = replace(QUICK, first_pause=0.001, longest_pause=0.001)
        offered(Upstream(server.url, patience, breaker=Breaker(Rules(least=10_000)), observer=observer), 200)
        hits = len(server.requests)
    assert 200 + 10 <= hits <= 1.2 * 200 + 10
    assert (observer.retries, len(observer.endings)) == (hits - 200, hits)
    assert observer.refusals > 100


def test_with_the_breaker_an_outage_is_hardly_felt_at_all() -> None:
    observer = Remembering()
    with scripted_upstream(DOWN) as server:
        upstream = Upstream(server.url, replace(QUICK, first_pause=0.001, longest_pause=0.001), observer=observer)
        offered(upstream, 200)
        assert len(server.requests) == 10
        with pytest.raises(UpstreamFailed, match="items fails too often to be asked now") as caught:
            upstream.ask(GET)
    assert (caught.value.ending, caught.value.retry_after) == (Ending.HELD_BACK, 5)
    assert observer.holds > 190


def test_the_first_success_after_an_outage_ends_it() -> None:
    with scripted_upstream(*[DOWN] * 10, answers("200 OK")) as server:
        upstream = Upstream(server.url, QUICK, breaker=Breaker(Rules(open_for=0.1)))
        offered(upstream, 10)
        time.sleep(0.1)
        assert [upstream.ask(GET).status for _ in range(3)] == [200] * 3


def test_no_answer_below_500_opens_the_breaker() -> None:
    with scripted_upstream(answers("404 Not Found")) as server:
        upstream = Upstream(server.url, QUICK)
        offered(upstream, 30)
        assert upstream.breaker.shown() == {"breaker": "closed"}


@pytest.mark.parametrize("drains_at", [0.0, 0.3])
def test_a_drain_ends_the_pause_and_the_retries(drains_at: float) -> None:
    began = time.monotonic()
    draining: Callable[[], bool] = lambda: time.monotonic() - began >= drains_at  # noqa: E731
    with scripted_upstream(answers("503 X", b"{}", "Retry-After: 3")) as server:
        upstream = Upstream(server.url, replace(QUICK, total=6.0), stopping=draining)
        assert upstream.ask(GET).status == 503
        took = time.monotonic() - began
        assert len(server.requests) == 1
    assert took < drains_at + SPARE
