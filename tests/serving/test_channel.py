"""One connection by itself, turned by hand: what it does in a moment that no client can choose."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from waitress.server import create_server

from serving.channel import channel_class
from serving.lifecycle import Lifecycle
from serving.loop import Watched

LARGE = 4_000_000  # bytes: more than the kernel takes from us at once


@pytest.fixture
def connection() -> Iterator[tuple[Any, socket.socket]]:
    """Our end as a channel without a request, and the client's end."""
    with contextlib.ExitStack() as held:
        server = create_server(lambda _environ, _start: [], host="127.0.0.1", port=0, map=Watched(), _dispatcher=Idle())
        held.callback(server.close)
        ours, client = socket.socketpair()
        held.enter_context(client)
        client.settimeout(5)
        yield channel_class(Lifecycle())(server, ours, ("", 0), server.adj, map=server._map), client


class Idle:
    """A task dispatcher that does nothing."""

    def add_task(self, task: Any) -> None:
        """Forget it."""


def test_an_answer_that_is_still_to_be_sent_outlives_the_end_of_the_input(
    connection: tuple[Any, socket.socket],
) -> None:
    """The worker is done, the rest waits, and the loop learns only now that the client will ask no more."""
    channel, client = connection
    channel.write_soon(b"x" * LARGE)
    client.shutdown(socket.SHUT_WR)
    channel.handle_read()
    received = 0
    while chunk := client.recv(LARGE):
        received += len(chunk)
        if channel.writable():
            channel.handle_write()
    assert received == LARGE


def test_without_anything_to_send_the_end_of_the_input_is_the_end(connection: tuple[Any, socket.socket]) -> None:
    channel, client = connection
    client.shutdown(socket.SHUT_WR)
    channel.handle_read()
    assert (channel.connected, client.recv(1)) == (False, b"")
