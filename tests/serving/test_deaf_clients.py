"""Clients that ask and do not read: they lose their connection, and cost nobody else an answer."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from children.postgres import free_port
from serving import server
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

LARGE = 6_000_000  # bytes: more than the kernel takes of an answer that nobody reads
HOUSE = 20  # connections, where a service has a thousand
WITHIN = 5.0  # seconds for what takes two at most


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer much, and little to a probe."""
    body = b"ok" if environ["PATH_INFO"] == "/health" else b"x" * LARGE
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class House:
    """A server in this process, with room for few."""

    def __init__(self) -> None:
        self.port, self.lifecycle, self._metrics = free_port(), Lifecycle(), Metrics("under-test")
        self.thread = threading.Thread(target=self._run)

    def asked(self, path: str, *, times: int = 1) -> socket.socket:
        """Give a connection on which something was asked, of which nothing was read."""
        client = socket.create_connection(("127.0.0.1", self.port), WITHIN)
        client.sendall(times * f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return client

    def answers(self) -> bool:
        """Tell whether a probe on a new connection is answered."""
        with contextlib.closing(self.asked("/health")) as probe:
            return probe.recv(65536).startswith(b"HTTP/1.1 200 ")

    def connections(self, *, hoped: int) -> int:
        """Give how many there are, once there are as many as hoped for or time is up."""
        deadline = time.monotonic() + WITHIN
        while self._open() != hoped and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._open()

    def _open(self) -> int:
        value = self._metrics.registry.get_sample_value("server_connections")
        return -1 if value is None else int(value)

    def _run(self) -> None:
        drain = server.Drain(linger=0.0, in_flight=0.1)
        server.serve(
            app, port=self.port, host="127.0.0.1", lifecycle=self.lifecycle, drain=drain, metrics=self._metrics
        )


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house that is open."""
    monkeypatch.setattr(server, "CONNECTIONS", HOUSE)
    monkeypatch.setattr(server, "ROOM", 4)
    made = House()
    made.thread.start()
    assert made.connections(hoped=0) == 0
    yield made
    made.lifecycle.drain()
    made.thread.join(WITHIN)
    assert not made.thread.is_alive()


@pytest.mark.parametrize("times", [1, 3])
def test_a_house_full_of_clients_that_do_not_read_still_answers_a_probe(house: House, times: int) -> None:
    """One answer that waits, or also requests that wait for it: neither may hold the last connection."""
    with contextlib.ExitStack() as deaf:
        for _ in range(HOUSE + 4):
            deaf.enter_context(house.asked("/large", times=times))
        assert [house.answers() for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("times", [1, 3])
def test_who_takes_nothing_of_an_answer_is_hung_up_on(
    house: House, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    with house.asked("/large", times=times):
        assert house.connections(hoped=1) == 1
        monkeypatch.setattr(server, "DEAF", 0.1)
        assert house.connections(hoped=0) == 0


def test_who_reads_slowly_gets_all_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on silence, not on the whole: each second the loop asks, and this one is never silent for long."""
    monkeypatch.setattr(server, "DEAF", 1.0)
    received = 0
    with house.asked("/large") as slow:
        while received < LARGE:
            chunk = slow.recv(200_000)
            assert chunk
            received += len(chunk)
            time.sleep(0.05)
