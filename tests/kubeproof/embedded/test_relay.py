"""The relay carries bytes both ways, keeps half-closed connections, and survives a target that is not there."""

import socket
import threading
from collections.abc import Iterator

import pytest

from kubeproof.embedded import relay


def _listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@pytest.fixture
def target() -> Iterator[socket.socket]:
    with _listening() as listener:
        listener.settimeout(10)
        yield listener


@pytest.fixture
def door(target: socket.socket) -> Iterator[tuple[str, int]]:
    listener = _listening()
    threading.Thread(target=relay.serve, args=(listener, target.getsockname()), daemon=True).start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _read_all(end: socket.socket) -> bytes:
    end.settimeout(10)
    return b"".join(iter(lambda: end.recv(65536), b""))


def test_an_answer_comes_after_the_question_has_ended(target: socket.socket, door: tuple[str, int]) -> None:
    with socket.create_connection(door) as client:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        server, _ = target.accept()
        with server:
            assert _read_all(server) == b"question"
            server.sendall(b"answer")
        assert _read_all(client) == b"answer"


def test_much_data_arrives_whole(target: socket.socket, door: tuple[str, int]) -> None:
    content = bytes(range(256)) * 40_000  # 10 MB, more than all the buffers on the way
    with socket.create_connection(door) as client:
        server, _ = target.accept()

        def send() -> None:
            with server:
                server.sendall(content)

        sender = threading.Thread(target=send)
        sender.start()
        assert _read_all(client) == content
        sender.join()


def test_connections_do_not_wait_for_each_other(target: socket.socket, door: tuple[str, int]) -> None:
    with socket.create_connection(door) as idle, socket.create_connection(door) as busy:
        first, _ = target.accept()
        second, _ = target.accept()
        with first, second:
            busy.sendall(b"x")
            for end in (first, second):
                end.settimeout(0.5)
            heard = []
            for end in (first, second):
                try:
                    heard.append(end.recv(1))
                except TimeoutError:
                    heard.append(b"")
            assert sorted(heard) == [b"", b"x"]
        assert _read_all(idle) == b""


def test_a_target_that_is_not_there_closes_the_connection_and_no_more(
    target: socket.socket, door: tuple[str, int]
) -> None:
    address = target.getsockname()
    target.close()
    with socket.create_connection(door) as client:
        assert _read_all(client) == b""
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(address)
        again.listen()
        again.settimeout(10)
        with socket.create_connection(door) as client:
            server, _ = again.accept()
            server.sendall(b"back")
            server.close()
            assert _read_all(client) == b"back"
