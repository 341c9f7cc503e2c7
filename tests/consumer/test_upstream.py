"""Attempts against an items service that misbehaves, on real sockets."""

import socket
import threading
import time
from dataclasses import replace

import pytest

from consumer.upstream import Call, Patience, Upstream, UpstreamLate, UpstreamUnavailable
from tests.consumer.scripted_upstream import answers, drips, hangs_up, says_nothing, scripted_upstream
from tests.postgres_child import free_port

QUICK = Patience(connect=0.3, read=0.3, total=1.0, attempts=3, first_pause=0.01, longest_pause=0.05)
GET = Call("GET", "/items/7", request_id="abc")
POST = Call("POST", "/items", request_id="abc", body=b"{}", content_type="application/json")
DELETE = Call("DELETE", "/items/7", request_id="abc")
DOWN = answers("503 Service Unavailable", b"{}", "Retry-After: 7")


def test_the_bounds_are_those_that_were_promised() -> None:
    assert Patience() == Patience(connect=1.0, read=2.0, total=6.0, attempts=3, first_pause=0.1, longest_pause=1.0)


def test_a_request_says_what_is_asked_by_whom() -> None:
    with scripted_upstream(answers("200 OK", b'{"id": 7}', "Location: /items/7")) as server:
        call = replace(POST, query=(("limit", "5"), ("after", "é&")))
        reply = Upstream(server.url, QUICK).ask(call)
    assert (reply.status, reply.body, reply.headers["location"]) == (200, b'{"id": 7}', "/items/7")
    head, body = server.requests[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /items?limit=5&after=%C3%A9%26 HTTP/1.1\r\n")
    assert b"\r\nX-Request-Id: abc\r\n" in head
    assert b"\r\nContent-Type: application/json" in head
    assert body == b"{}"


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
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


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("first", [hangs_up, says_nothing, DOWN, answers("429 Too Many Requests")])
def test_what_may_be_repeated_is_repeated(method: str, first: object) -> None:
    last = answers("200 OK", b"" if method == "HEAD" else b"{}")
    with scripted_upstream(first, last) as server:  # type: ignore[arg-type]
        assert Upstream(server.url, QUICK).ask(replace(GET, method=method)).status == 200
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [500, 501, 400, 404, 409, 413, 200])
def test_an_answer_that_a_repeat_would_not_mend_is_final(status: int) -> None:
    with scripted_upstream(answers(f"{status} X")) as server:
        assert Upstream(server.url, QUICK).ask(GET).status == status
        assert len(server.requests) == 1


def test_a_post_that_was_sent_is_never_repeated() -> None:
    with scripted_upstream(hangs_up) as server:
        with pytest.raises(UpstreamUnavailable, match="broke before it answered"):
            Upstream(server.url, QUICK).ask(POST)
        assert len(server.requests) == 1
    with scripted_upstream(says_nothing) as server:
        with pytest.raises(UpstreamLate):
            Upstream(server.url, QUICK).ask(POST)
        assert len(server.requests) == 1
    with scripted_upstream(DOWN) as server:
        assert Upstream(server.url, QUICK).ask(POST).status == 503
        assert len(server.requests) == 1


def test_a_post_whose_connection_was_never_made_is_tried_again() -> None:
    port = free_port()
    patient = replace(QUICK, first_pause=0.4, longest_pause=0.4, total=3.0, attempts=30)
    arrived: list[bytes] = []

    def come_up_late() -> None:
        time.sleep(0.3)
        with socket.create_server(("127.0.0.1", port)) as server:
            connection, _ = server.accept()
            with connection:
                arrived.append(connection.recv(65536))
                answers("201 Created")(connection)

    server = threading.Thread(target=come_up_late)
    server.start()
    assert Upstream(f"http://127.0.0.1:{port}", patient).ask(POST).status == 201
    server.join()
    assert len(arrived) == 1


def test_nobody_listening_is_unavailable_after_three_tries_and_soon() -> None:
    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="cannot be reached"):
        Upstream(f"http://127.0.0.1:{free_port()}", QUICK).ask(GET)
    assert time.monotonic() - began < 0.5


def test_three_attempts_and_no_more() -> None:
    with scripted_upstream(DOWN) as server:
        reply = Upstream(server.url, QUICK).ask(GET)
        assert (reply.status, reply.headers["retry-after"]) == (503, "7")
        assert len(server.requests) == 3


def test_the_deadline_holds_however_many_attempts_are_left() -> None:
    with scripted_upstream(says_nothing) as server:
        began = time.monotonic()
        with pytest.raises(UpstreamLate, match="in time"):
            Upstream(server.url, replace(QUICK, read=0.7, attempts=100)).ask(GET)
        took = time.monotonic() - began
    assert QUICK.total - 0.1 <= took < QUICK.total + 0.35


def test_the_deadline_holds_for_an_answer_that_comes_in_drops() -> None:
    with scripted_upstream(drips) as server:
        began = time.monotonic()
        with pytest.raises(UpstreamLate, match="too slowly"):
            Upstream(server.url, replace(QUICK, total=0.6)).ask(GET)
        assert time.monotonic() - began < 0.9


def test_an_answer_cut_short_is_not_taken_for_an_answer() -> None:
    def cut(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        return False

    with scripted_upstream(cut) as server:
        with pytest.raises(UpstreamUnavailable, match="broke"):
            Upstream(server.url, QUICK).ask(GET)
        assert len(server.requests) == 3


def test_a_delete_that_broke_off_tells_that_it_may_have_been_done() -> None:
    with scripted_upstream(hangs_up, answers("404 Not Found")) as server:
        reply = Upstream(server.url, QUICK).ask(DELETE)
        assert (reply.status, reply.after_unsure) == (404, True)
    with scripted_upstream(DOWN, answers("404 Not Found")) as server:
        assert not Upstream(server.url, QUICK).ask(DELETE).after_unsure


def test_a_redirect_is_not_followed() -> None:
    with scripted_upstream(answers("302 Found", b"", "Location: http://127.0.0.1:9/")) as server:
        assert Upstream(server.url, QUICK).ask(GET).status == 302
