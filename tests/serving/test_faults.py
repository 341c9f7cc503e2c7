"""What goes wrong on the clients' side, or in a handler, stays there: others and the probes are answered."""

import contextlib
import json
import re
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.body import MAX_BODY
from serving.bulkhead import PERMITS
from serving.server import CONNECTIONS, ROOM
from tests.helpers.service_child import ServiceChild, service_child

PROGRAM = str(Path(__file__).with_name("small_service.py"))
LARGE = 8_000_000  # bytes that GET /large answers
PROMPT = 20.0  # seconds, on a very busy machine; what these faults would otherwise cost is a minute, or no answer


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceChild]:
    """The small service, one for this module: each test leaves it as good as new, or the next one fails."""
    with service_child(PROGRAM, "{port}", "0.1", "1", log=tmp_path_factory.mktemp("faults") / "log") as running:
        yield running


@contextlib.contextmanager
def clients(child: ServiceChild, count: int, words: bytes) -> Iterator[list[socket.socket]]:
    """So many connections on each of which `words` were sent."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * CONNECTIONS), hard))
    with contextlib.ExitStack() as connections:
        opened = []
        for _ in range(count):
            opened.append(connections.enter_context(socket.create_connection(("127.0.0.1", child.port), 5)))
            opened[-1].sendall(words)
        yield opened


def answers(child: ServiceChild, path: str = "/health") -> int:
    """Ask on a new connection; give the status, or fail when it does not come promptly."""
    with contextlib.closing(child.connect(timeout=PROMPT)) as client:
        client.request("GET", path)
        return client.getresponse().status


def served(child: ServiceChild, path: str) -> int:
    """Ask until it is served: who finds all workers busy is told 503 after half a second, but not for long."""
    deadline = time.monotonic() + PROMPT
    while (status := answers(child, path)) == 503 and time.monotonic() < deadline:
        pass
    return status


def connections(child: ServiceChild, *, hoped: int, within: float = PROMPT) -> int:
    """Read how many there are; the loop needs a turn to see that somebody left, so ask until it is as hoped."""
    deadline = time.monotonic() + within
    while True:
        [found] = re.findall(rb"^server_connections (\d+)\.0$", child.get("/metrics")[1], re.MULTILINE)
        if int(found) == hoped or time.monotonic() > deadline:
            return int(found)


@pytest.mark.parametrize("count", [100, CONNECTIONS - 50])
def test_idle_clients_cost_nobody_else_anything(child: ServiceChild, count: int) -> None:
    with clients(child, count, b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n") as idle:
        for client in idle:
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        assert [answers(child, path) for path in ("/health", "/fast")] == [200, 200]
        assert connections(child, hoped=count + 1) == count + 1
        idle[0].sendall(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle[0].recv(65536).startswith(b"HTTP/1.1 200")


def test_a_full_house_makes_room_for_a_probe(child: ServiceChild) -> None:
    with clients(child, CONNECTIONS + 50, b""):
        assert answers(child) == 200


def test_no_more_clients_are_sent_away_than_there_must_be_room_for(child: ServiceChild) -> None:
    with clients(child, CONNECTIONS, b""):
        assert answers(child) == 200
        assert CONNECTIONS - ROOM <= connections(child, hoped=CONNECTIONS, within=2) <= CONNECTIONS


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow", id="body"),
        pytest.param(b"GET /fast HTTP/1.1\r\nHost: x\r\nX-Slow: ", id="header"),
    ],
)
def test_a_request_that_comes_slowly_holds_no_worker(child: ServiceChild, words: bytes) -> None:
    with clients(child, 4 * PERMITS, words) as slow:
        for client in slow:
            client.sendall(b"a")
        assert [answers(child, path) for path in ("/health", "/fast")] == [200, 200]


@pytest.mark.parametrize(("chunked", "most"), [(False, MAX_BODY), (True, MAX_BODY - 100)])  # chunks have frames
def test_a_body_may_have_its_most_and_what_is_larger_is_a_problem(
    child: ServiceChild, chunked: bool, most: int
) -> None:
    assert _posted(child, most, chunked) == (200, {"bytes": most})
    for larger in (MAX_BODY + 1, 8 * MAX_BODY):
        status, body = _posted(child, larger, chunked)
        assert (status, body["detail"]) == (413, f"a body may have at most {MAX_BODY} bytes")


def test_who_asks_for_much_and_reads_nothing_holds_no_worker(child: ServiceChild) -> None:
    with clients(child, 2 * PERMITS, 5 * b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as deaf:
        assert [answers(child), served(child, "/fast")] == [200, 200]
        time.sleep(0.5)
        assert [answers(child), served(child, "/fast")] == [200, 200]
        # Once it reads, it is served what it asked for.
        received = 0
        while received < 5 * LARGE and (chunk := deaf[0].recv(1_000_000)):
            received += len(chunk)
        assert received >= 5 * LARGE


def test_who_goes_on_sending_after_a_refusal_can_still_read_it(child: ServiceChild) -> None:
    with clients(child, 1, b"POST /length HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n") as [client]:
        for _ in range(10):
            client.sendall(b"x" * 100_000)
            time.sleep(0.01)
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/slow/0.2", "/large"])
@pytest.mark.parametrize("resets", [False, True])
def test_a_client_that_goes_away_in_the_middle_takes_nothing_with_it(
    child: ServiceChild, path: str, resets: bool
) -> None:
    with clients(child, 4, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()) as gone:
        time.sleep(0.1)
        for client in gone:
            if resets:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
    time.sleep(0.3)
    assert [answers(child, path) for path in ("/health", "/fast")] == [200, 200]
    assert '"level": "error"' not in child.said


def test_probes_and_scrapes_are_answered_while_every_handler_is_stuck(child: ServiceChild) -> None:
    with clients(child, PERMITS, b"GET /slow/2.5 HTTP/1.1\r\nHost: x\r\n\r\n") as stuck:
        time.sleep(0.2)
        assert [answers(child, path) for path in ("/health", "/health/ready", "/metrics")] == [200, 200, 200]
        with contextlib.closing(child.connect(timeout=PROMPT)) as client:
            client.request("GET", "/fast")
            refused = client.getresponse()
            assert (refused.status, refused.getheader("Retry-After")) == (503, "1")
            assert json.loads(refused.read())["status"] == 503
            assert refused.getheader("X-Request-Id")
        for client in stuck:
            assert client.recv(65536).endswith(b'{"slept": "2.5"}')
    assert answers(child, "/fast") == 200


def test_a_burst_is_served_without_a_single_refusal(child: ServiceChild) -> None:
    statuses: list[int] = []
    burst = [threading.Thread(target=lambda: statuses.append(answers(child, "/slow/0.01"))) for _ in range(40)]
    for thread in burst:
        thread.start()
    for thread in burst:
        thread.join(10)
    assert statuses == [200] * 40


def _posted(child: ServiceChild, length: int, chunked: bool) -> tuple[int, dict[str, object]]:
    """Post a body of one piece or chunk; give status and answer."""
    with contextlib.closing(child.connect(timeout=5)) as client:
        whole = b"x" * length
        client.request("POST", "/length", iter([whole]) if chunked else whole, encode_chunked=chunked)
        response = client.getresponse()
        return response.status, json.loads(response.read())
