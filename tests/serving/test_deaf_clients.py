"""Clients that ask and do not read: they lose their connection, and cost nobody else an answer."""

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.helpers.service_child import ServiceChild, service_child
from tests.serving.narrow_house import HOUSE, LARGE

PROGRAM = str(Path(__file__).with_name("narrow_house.py"))
PATIENCE = 60.0  # seconds for what takes two at most on a quiet machine
NEVER = 600.0

Opened = Callable[..., AbstractContextManager[ServiceChild]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Give what opens a house, a process of its own: who waits for megabytes there takes no test's memory."""

    @contextlib.contextmanager
    def house(*, deaf: float = NEVER) -> Iterator[ServiceChild]:
        with service_child(PROGRAM, "{port}", str(deaf), log=tmp_path / "log") as child:
            yield child
            assert child.process.poll() is None, child.said

    return house


def asked(house: ServiceChild, path: str, *, times: int = 1) -> socket.socket:
    """Give a connection on which something was asked, of which nothing was read."""
    client = socket.create_connection(("127.0.0.1", house.port), PATIENCE)
    client.sendall(times * f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def answers(house: ServiceChild) -> bool:
    """Tell whether a probe on a new connection is answered."""
    with contextlib.closing(asked(house, "/health")) as probe:
        return probe.recv(65536).startswith(b"HTTP/1.1 200 ")


def others(house: ServiceChild, *, hoped: int) -> int:
    """Give how many connections there are beside the one that asks, once they are as hoped for or time is up."""
    deadline = time.monotonic() + PATIENCE
    while True:
        [found] = re.findall(rb"^server_connections (\d+)\.0$", house.get("/metrics")[1], re.MULTILINE)
        if int(found) - 1 == hoped or time.monotonic() > deadline:
            return int(found) - 1


def rest(client: socket.socket) -> int:
    """Read what is still on its way, and give how many bytes it was."""
    received = 0
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(1_000_000):
            received += len(chunk)
    return received


@pytest.mark.parametrize("times", [1, 3])
def test_a_house_full_of_clients_that_do_not_read_still_answers_a_probe(opened: Opened, times: int) -> None:
    """One answer that waits, or also requests that wait for it: neither may hold the last connection."""
    with opened() as house, contextlib.ExitStack() as deaf:
        for _ in range(HOUSE + 4):
            deaf.enter_context(asked(house, "/large", times=times))
        assert [answers(house) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("times", [1, 3])
def test_who_takes_nothing_of_an_answer_is_hung_up_on(opened: Opened, times: int) -> None:
    with opened(deaf=0.1) as house, asked(house, "/large", times=times) as deaf:
        assert others(house, hoped=0) == 0
        assert rest(deaf) < LARGE


def test_who_reads_slowly_gets_all_of_it(opened: Opened) -> None:
    """The bound is on silence, not on the whole: each second the loop asks, and this one is never silent for long."""
    deaf, received = 2.0, 0
    with opened(deaf=deaf) as house, asked(house, "/large", times=2) as slow:
        began = time.monotonic()
        while received < 2 * LARGE:
            chunk = slow.recv(200_000)
            assert chunk
            received += len(chunk)
            time.sleep(0.05)
        assert time.monotonic() - began > deaf
