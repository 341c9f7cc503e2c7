"""Told to stop, a service loses no request: real processes, real sockets, real signals."""

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.keep_alive_clients import CLIENTS, KeepAliveClients
from tests.helpers.service_child import ServiceChild, service_child

PROGRAM = str(Path(__file__).with_name("small_service.py"))
PATIENCE = 5.0  # seconds that something may take to show


@contextlib.contextmanager
def service(tmp_path: Path, *, linger: float, in_flight: float = 5.0) -> Iterator[ServiceChild]:
    """The small service with these bounds in seconds."""
    log = tmp_path / f"log-{time.monotonic_ns()}"
    with service_child(PROGRAM, "{port}", str(linger), str(in_flight), log=log) as child:
        yield child


def told_to_stop(child: ServiceChild) -> None:
    """Send SIGTERM and return once the service has seen it."""
    child.terminate()
    deadline = time.monotonic() + PATIENCE
    while "draining" not in child.said:
        assert time.monotonic() < deadline, "the signal was not seen"
        time.sleep(0.01)


def listens(child: ServiceChild) -> bool:
    try:
        child.get("/fast")
    except ConnectionError:
        return False
    return True


def get_fast(connection: http.client.HTTPConnection, _name: str) -> None:
    connection.request("GET", "/fast")


def test_no_request_of_keep_alive_clients_fails_while_one_server_takes_over_from_another(tmp_path: Path) -> None:
    with (
        service(tmp_path, linger=1.5) as old,
        service(tmp_path, linger=0.1) as new,
        KeepAliveClients(old.port, get_fast) as clients,
    ):
        clients.handed_over(old, new)
    assert clients.failures == []
    assert clients.moved >= CLIENTS
    assert len(clients.answers) > 3 * CLIENTS


def test_a_drain_says_so_to_readiness_and_on_each_response_but_liveness_stays_good(tmp_path: Path) -> None:
    with service(tmp_path, linger=2.0) as child:
        pooled = child.connect()
        pooled.request("GET", "/fast")
        first = pooled.getresponse()
        first.read()
        assert first.getheader("Connection") is None
        told_to_stop(child)
        pooled.request("GET", "/fast")
        last = pooled.getresponse()
        assert (last.status, last.read(), last.getheader("Connection")) == (200, b'{"fast": true}', "close")
        status, body = child.get("/health", {"X-Probe": "readiness"})
        assert (status, b"draining" in body) == (503, True)
        assert child.get("/health")[0] == 200
        assert child.ended(within=5) == 0
        assert child.said.splitlines()[-1] == "let go"


def test_an_old_client_that_asked_to_keep_alive_is_told_close_and_nothing_else(tmp_path: Path) -> None:
    with service(tmp_path, linger=1.0) as child, socket.create_connection(("127.0.0.1", child.port)) as client:
        told_to_stop(child)
        client.sendall(b"GET /fast HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        said = _until_closed(client).decode()
        assert [line for line in said.splitlines() if line.startswith("Connection")] == ["Connection: close"]


def test_a_request_in_flight_is_finished_after_the_listener_is_closed(tmp_path: Path) -> None:
    with service(tmp_path, linger=0.1) as child:
        with contextlib.closing(child.connect()) as slow:
            slow.request("GET", "/slow/1.2")
            time.sleep(0.2)
            told_to_stop(child)
            deadline = time.monotonic() + PATIENCE
            while listens(child):
                assert time.monotonic() < deadline, "the listener was not closed"
            assert slow.getresponse().read() == b'{"slept": "1.2"}'
        assert child.ended(within=5) == 0


def test_requests_that_wait_for_a_worker_are_served_too(tmp_path: Path) -> None:
    with service(tmp_path, linger=0.1) as child:
        waiting = [child.connect() for _ in range(12)]  # 6 workers: half of these are in the queue
        for connection in waiting:
            connection.request("GET", "/slow/0.25")
        time.sleep(0.1)
        child.terminate()
        assert [connection.getresponse().read() for connection in waiting] == [b'{"slept": "0.25"}'] * 12
        assert child.ended(within=5) == 0
        assert '"level": "error"' not in child.said


def test_a_large_answer_to_a_slow_reader_arrives_whole(tmp_path: Path) -> None:
    with service(tmp_path, linger=0.1) as child:
        with socket.create_connection(("127.0.0.1", child.port)) as reader:
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            child.terminate()
            time.sleep(0.6)
            whole = _until_closed(reader)
        assert len(whole.split(b"\r\n\r\n", 1)[1]) == 8_000_000
        assert child.ended(within=5) == 0


def test_a_connection_without_a_request_does_not_hold_the_end_up(tmp_path: Path) -> None:
    with service(tmp_path, linger=0.1) as child, socket.create_connection(("127.0.0.1", child.port)):
        began = time.monotonic()
        child.terminate()
        assert child.ended(within=4) == 0
        assert time.monotonic() - began < 2


def test_what_does_not_end_is_cut_at_the_bound(tmp_path: Path) -> None:
    with service(tmp_path, linger=0.1, in_flight=0.6) as child, contextlib.closing(child.connect()) as stuck:
        stuck.request("GET", "/slow/30")
        time.sleep(0.2)
        child.terminate()
        assert child.ended(within=5) == 0
        assert "1 connections were not done" in child.said
        assert "let go" in child.said


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with service(tmp_path, linger=30) as child:
        told_to_stop(child)
        child.terminate()
        assert child.ended(within=PATIENCE) == 128 + 15  # it would linger six times as long


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: ".ljust(32 * 1024, b"a"), 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_what_waitress_refuses_by_itself_is_a_problem_too(tmp_path: Path, sent: bytes, status: int) -> None:
    with service(tmp_path, linger=0.1) as child, socket.create_connection(("127.0.0.1", child.port)) as client:
        client.sendall(sent)
        head, body = _until_closed(client).split(b"\r\n\r\n", 1)
    assert head.split(b" ")[1] == b"%d" % status
    assert b"\r\nContent-Type: application/problem+json" in head
    assert b'"status": %d' % status in body


def _until_closed(client: socket.socket) -> bytes:
    client.settimeout(5)
    chunks = []
    while chunk := client.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)
