"""A relay before PostgreSQL that notes what passes: the client's messages, and in how many pieces answers come."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK = 256 * 1024  # bytes: more than one send can bring over loopback


@dataclass
class Passed:
    """What has passed since `clear`: the type of each of the client's messages, the length of each piece back."""

    messages: list[str] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    connections: int = 0

    def clear(self) -> None:
        """Forget what has passed."""
        self.messages.clear()
        self.pieces.clear()


@contextlib.contextmanager
def relay_to(port: int) -> Iterator[tuple[int, Passed]]:
    """Relay from a port of its own, which it lends, to `port` on loopback."""
    passed = Passed()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, port, passed), daemon=True).start()
        yield server.getsockname()[1], passed
        server.shutdown(socket.SHUT_RDWR)  # wakes the accept


def _accept(server: socket.socket, port: int, passed: Passed) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            passed.connections += 1
            database = socket.create_connection(("127.0.0.1", port))
            for sock in (client, database):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pump in (_up, _down):
                threading.Thread(target=pump, args=(client, database, passed), daemon=True).start()


def _up(client: socket.socket, database: socket.socket, passed: Passed) -> None:
    """Client to database. The first message, of the start, has no type."""
    heard, started = b"", False
    with contextlib.suppress(OSError):
        while piece := client.recv(CHUNK):
            heard += piece
            while len(heard) >= 5:
                at = 1 if started else 0
                (length,) = struct.unpack_from("!i", heard, at)
                if len(heard) < at + length:
                    break
                passed.messages.append(chr(heard[0]) if started else "start")
                heard, started = heard[at + length :], True
            database.sendall(piece)
    _end(client, database)


def _down(client: socket.socket, database: socket.socket, passed: Passed) -> None:
    with contextlib.suppress(OSError):
        while piece := database.recv(CHUNK):
            passed.pieces.append(len(piece))
            client.sendall(piece)
    _end(client, database)


def _end(client: socket.socket, database: socket.socket) -> None:
    for sock in (client, database):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
