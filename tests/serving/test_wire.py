"""What goes over the wire: one segment a response, connections that live on, and few hand-overs on the way."""

import contextlib
import http.client
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.service_child import ServiceChild, service_child

PROGRAM = str(Path(__file__).with_name("small_service.py"))
REQUESTS = 200


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceChild]:
    """The small service, one for this module."""
    with service_child(PROGRAM, "{port}", "0.1", "1", log=tmp_path_factory.mktemp("wire") / "log") as running:
        yield running


def data_segments_received(client: http.client.HTTPConnection) -> int:
    """Give how many segments with data have arrived, as the kernel counts them (struct tcp_info, Linux 4.6)."""
    told = client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    return int(struct.unpack_from("I", told, 152)[0])


def context_switches(process: int) -> int:
    """Give how often the process's threads have been switched away from, willing or not."""
    statuses = [Path(f"/proc/{process}/task/{thread}/status") for thread in os.listdir(f"/proc/{process}/task")]
    lines = [line for status in statuses for line in status.read_text().splitlines() if "ctxt_switches" in line]
    return sum(int(line.split()[1]) for line in lines)


def switches_of_a_burst(child: ServiceChild, client: http.client.HTTPConnection) -> int:
    """Give how many times the process was switched while it served REQUESTS, one after the other."""
    before = context_switches(child.process.pid)
    for _ in range(REQUESTS):
        asked(client, "GET", "/fast")
    return context_switches(child.process.pid) - before


def asked(client: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Ask on a connection that stays."""
    client.request(method, path, body)
    response = client.getresponse()
    return response.status, response.read()


def test_a_response_is_one_segment(child: ServiceChild) -> None:
    with contextlib.closing(child.connect()) as client:
        asked(client, "GET", "/fast")
        before = data_segments_received(client)
        for _ in range(REQUESTS):
            assert asked(client, "GET", "/fast") == (200, b'{"fast": true}')
        assert data_segments_received(client) - before == REQUESTS


def test_a_refusal_is_one_segment_too(child: ServiceChild) -> None:
    with contextlib.closing(child.connect()) as client:
        client.connect()
        before = data_segments_received(client)
        client.request("GET", "/fast", headers={"Content-Length": "x"})
        assert client.sock.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert data_segments_received(client) - before == 1


def test_a_request_changes_hands_a_few_times_only(child: ServiceChild) -> None:
    with contextlib.closing(child.connect()) as client:
        asked(client, "GET", "/fast")
        bursts = [switches_of_a_burst(child, client) for _ in range(3)]
        # What else the machine does takes the processor away as well: the least disturbed burst tells.
        assert min(bursts) / REQUESTS <= 10


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/empty", 204),
        ("HEAD", "/fast", 200),
        ("HEAD", "/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/length", 200),
        ("POST", "/fast", 405),
    ],
)
def test_a_connection_outlives_every_kind_of_answer(child: ServiceChild, method: str, path: str, status: int) -> None:
    with contextlib.closing(child.connect()) as client:
        for _ in range(3):
            answered, body = asked(client, method, path, b"abc" if method == "POST" else None)
            assert answered == status
            assert bool(body) == (method != "HEAD" and status != 204)
            assert client.sock is not None, "the server closed the connection"


def test_an_answer_without_a_body_says_nothing_of_one(child: ServiceChild) -> None:
    with socket.create_connection(("127.0.0.1", child.port), 5) as client:
        client.sendall(b"DELETE /empty HTTP/1.1\r\nHost: x\r\n\r\n")
        head = client.recv(65536)
    assert head.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert not any(word in head for word in (b"Content-Length", b"Content-Type", b"Transfer-Encoding", b"Connection"))


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        (b"GET /fast HTTP/1.1\r\nConnection: close\r\n\r\n", b"Connection: close"),
        (b"GET /fast HTTP/1.0\r\n\r\n", b"Connection: close"),
        (b"GET /fast HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"Connection: Keep-Alive"),
    ],
)
def test_a_client_is_told_whether_the_connection_lives_on(child: ServiceChild, asks: bytes, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", child.port), 5) as client:
        client.sendall(asks)
        assert [line for line in client.recv(65536).split(b"\r\n") if line.startswith(b"Connection")] == [said]


def test_a_client_that_has_said_everything_still_gets_its_answer(child: ServiceChild) -> None:
    with socket.create_connection(("127.0.0.1", child.port), 5) as client:
        client.sendall(b"GET /slow/0.2 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: client.recv(65536), b""))
    assert said.endswith(b'{"slept": "0.2"}')


def test_requests_sent_ahead_are_answered_in_order(child: ServiceChild) -> None:
    with socket.create_connection(("127.0.0.1", child.port), 5) as client:
        ahead = [b"GET /slow/0.0%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in (5, 3, 1, 2)]
        client.sendall(b"".join(ahead) + b"GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65536), b""))
    bodies = [part.split(b"\r\n\r\n", 1)[1] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert bodies == [b'{"slept": "0.0%d"}' % n for n in (5, 3, 1, 2)] + [b'{"fast": true}']


def test_a_client_may_wait_to_be_asked_for_the_body(child: ServiceChild) -> None:
    with socket.create_connection(("127.0.0.1", child.port), 5) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert client.recv(65536).endswith(b'{"bytes": 3}')


def test_a_body_in_chunks_has_a_length_for_the_handler(child: ServiceChild) -> None:
    with contextlib.closing(child.connect()) as client:
        client.request("POST", "/length", iter([b"a" * 1000, b"b" * 500]), encode_chunked=True)
        assert client.getresponse().read() == b'{"bytes": 1500}'
