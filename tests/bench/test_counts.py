"""Turns are counted by a relay, segments by the kernel: both on loopback, in lock-step, so that they are exact."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.services.counts import Counts, counted, relay, segments_in

WITHIN = 5.0


@contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection with `talk`; lends the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(WITHIN)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(WITHIN)


def call(port: int) -> socket.socket:
    """Connect with a bound on every wait."""
    return socket.create_connection(("127.0.0.1", port), timeout=WITHIN)


def received(end: socket.socket, size: int) -> bytes:
    """Give so many bytes; a socket with a time-out does not wait for all of them by itself, whatever it is told."""
    whole = b""
    while len(whole) < size and (piece := end.recv(size - len(whole))):
        whole += piece
    return whole


def test_each_answer_that_is_waited_for_is_a_turn() -> None:
    """Two questions in a row, then an answer in two pieces, then another question: two turns."""

    def talk(asked: socket.socket) -> None:
        assert received(asked, 10) == b"parse.bind"
        asked.sendall(b"first.")
        asked.sendall(b"second")
        assert received(asked, 4) == b"more"
        asked.sendall(b"done")

    with peer(talk) as port, relay(port) as between, call(between.port) as client:
        client.sendall(b"parse.")
        client.sendall(b"bind")
        assert received(client, 12) == b"first.second"
        client.sendall(b"more")
        assert received(client, 4) == b"done"
        assert between.turns == 2


@pytest.mark.parametrize("pieces", [[b"header and body"], [b"header", b"body"], [b"a", b"b", b"c"]])
def test_the_kernel_counts_the_segments_of_a_response(pieces: list[bytes]) -> None:
    """Each piece is acknowledged before the next, so none can be joined to another on the way."""

    def talk(asked: socket.socket) -> None:
        for piece in pieces:
            asked.sendall(piece)
            asked.recv(1)

    with peer(talk) as port, call(port) as client:
        for piece in pieces:
            assert received(client, len(piece)) == piece
            client.sendall(b".")
        assert segments_in(client) == len(pieces)


def test_a_request_is_counted_with_what_it_made_the_service_ask() -> None:
    """A service that asks its database twice and answers in one send; its own questions in between do not count."""
    bursts = iter(range(100))

    def database(asked: socket.socket) -> None:
        while asked.recv(1):
            asked.sendall(b"!")

    with peer(database) as port, relay(port) as between, call(between.port) as line:

        def ask() -> None:
            line.sendall(b"?")
            assert line.recv(1) == b"!"

        def serve(listener: socket.socket) -> None:
            for number in bursts:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                if number == 2:
                    ask()  # whether it is there
                with connection:
                    while connection.recv(65536):
                        ask()
                        ask()
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(WITHIN)
            thread = threading.Thread(target=serve, args=(listener,))
            thread.start()
            seen = counted(between, listener.getsockname()[1], "GET", iter(lambda: "/items/1", None))
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(WITHIN)
    assert seen == Counts(exchanges=2.0, segments=1.0)
