"""One attempt at an items service that misbehaves, on real sockets: what is sent, and when it ends."""

import socket
import threading
from dataclasses import replace

import pytest

from consumer.call import Ending
from consumer.upstream import MAX_REPLY, Upstream
from tests.consumer.calls import GET, HEADERS, KEYED, POST, QUICK, SPARE, Remembering, failure
from tests.consumer.scripted_upstream import Move, answers, drips, says, says_nothing, scripted_upstream
from tests.helpers.service_child import free_port


def test_a_request_says_what_is_asked_by_whom() -> None:
    with scripted_upstream(answers("200 OK", b'{"id": 7}', "Location: /items/7")) as server:
        call = replace(KEYED, query=(("limit", "5"), ("after", "é&")))
        reply = Upstream(f"{server.url}/v1", QUICK).ask(call)
    assert (reply.status, reply.body, reply.headers["location"]) == (200, b'{"id": 7}', "/items/7")
    head, body = server.requests[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/items?limit=5&after=%C3%A9%26 HTTP/1.1\r\nHost: 127.0.0.1:")
    fields = sorted(line for line in head.split(b"\r\n")[1:] if not line.startswith(b"Host: "))
    assert fields == [
        b"Accept-Encoding: identity",
        b"Accept: application/json, application/problem+json",
        b"Content-Length: 2",
        b"Content-Type: application/json",
        b"Idempotency-Key: k-1",
        b"User-Agent: consumer",
        b"X-Request-Id: abc",
    ]
    assert body == b"{}"


def test_an_empty_body_has_a_length() -> None:
    with scripted_upstream(answers("422 X")) as server:
        Upstream(server.url, QUICK).ask(replace(KEYED, body=b""))
    assert b"\r\nContent-Length: 0\r\n" in server.requests[0]


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for exception in ("NO_PROXY", "no_proxy"):  # which would hide that a proxy is asked
        monkeypatch.delenv(exception, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted_upstream(answers("200 OK")) as server:
        assert Upstream(server.url, QUICK).ask(GET).status == 200


def test_calls_of_a_thread_share_a_connection_and_threads_do_not() -> None:
    with scripted_upstream(answers("200 OK")) as server:
        upstream = Upstream(server.url, QUICK)
        for _ in range(5):
            upstream.ask(GET)
        assert server.connections == 1
        other = threading.Thread(target=upstream.ask, args=(GET,))
        other.start()
        other.join()
        assert server.connections == 2


def test_a_connection_has_an_age_so_that_a_new_pod_gets_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.exchange.CONNECTION_AGE", 0.0)
    with scripted_upstream(answers("200 OK")) as server:
        upstream = Upstream(server.url, QUICK)
        for _ in range(3):
            upstream.ask(GET)
        assert server.connections == 3


def test_a_name_that_is_nobodys_is_unreachable() -> None:
    assert failure(Upstream("http://items.invalid", QUICK), POST)[0] is Ending.UNREACHABLE


def test_a_host_that_swallows_packets_costs_the_time_of_a_connection_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]  # the kernel drops what its queue has no room for
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        ending, _, took = failure(Upstream(f"http://127.0.0.1:{port}", replace(QUICK, attempts=1)))
        for filler in fillers:
            filler.close()
    assert ending is Ending.UNREACHABLE
    assert took < QUICK.attempt + SPARE


@pytest.mark.parametrize(
    "slow",
    [
        says_nothing,
        drips(b"", b"HTTP/1.1 200 OK"),
        drips(HEADERS, b"X-Drop: a\r\n"),
        drips(HEADERS + b"\r\n", b"x"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["frozen", "status line", "headers", "body", "chunks", "continue"],
)
def test_an_attempt_has_one_end_however_its_answer_is_dealt_out(slow: Move) -> None:
    with scripted_upstream(slow) as server:
        ending, _, took = failure(Upstream(server.url, replace(QUICK, attempts=1)))
    assert ending is Ending.LATE
    assert QUICK.attempt - 0.05 <= took < QUICK.attempt + SPARE


def test_a_body_that_nobody_takes_has_the_same_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as never_reads:
        never_reads.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"http://127.0.0.1:{never_reads.getsockname()[1]}"
        large = replace(KEYED, body=b"x" * 8_000_000)
        ending, _, took = failure(Upstream(url, replace(QUICK, connect=1.6, attempt=1.6, attempts=1)), large)
    assert ending is Ending.LATE
    assert took < 1.6 / 2 + SPARE  # half of the attempt: the other half could have gone into the connection


@pytest.mark.parametrize(
    "cut", [HEADERS + b"\r\n{", HEADERS, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_an_answer_cut_short_is_not_taken_for_an_answer(cut: bytes) -> None:
    with scripted_upstream(says(cut)) as server:
        assert failure(Upstream(server.url, QUICK))[0] is Ending.BROKEN
        assert len(server.requests) == 3


def test_a_reply_beyond_all_size_is_not_held_nor_asked_for_again() -> None:
    observer = Remembering()
    with scripted_upstream(answers("200 OK", b"x" * (MAX_REPLY + 1))) as server:
        upstream = Upstream(server.url, replace(QUICK, attempt=5.0, total=5.0), observer=observer)
        ending, said, _ = failure(upstream)
        assert (ending, len(server.requests)) == (Ending.TOO_LARGE, 1)
    assert said == "items answered more than 8388608 bytes; a smaller limit may help"


def test_a_redirect_is_not_followed() -> None:
    with scripted_upstream(answers("302 Found", b"", "Location: http://127.0.0.1:9/")) as server:
        assert Upstream(server.url, QUICK).ask(GET).status == 302


def test_a_restart_between_two_calls_is_not_noticed() -> None:
    port = free_port()
    observer = Remembering()
    upstream = Upstream(f"http://127.0.0.1:{port}", QUICK, observer=observer)
    for _ in range(3):
        with scripted_upstream(answers("201 Created"), port=port):
            assert upstream.ask(POST).status == 201  # without a key: nothing here may be repeated
    assert observer.endings == [Ending.ANSWERED] * 3
