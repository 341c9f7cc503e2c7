"""A server on loopback that answers each request as a script says, down to the bytes and the broken connections."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

Move = Callable[[socket.socket], bool]
"""What to do with a request; True keeps the connection."""


def answers(status: str, body: bytes = b"{}", *headers: str) -> Move:
    """Answer, and keep the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers, "", ""]

    def move(connection: socket.socket) -> bool:
        connection.sendall("\r\n".join(lines).encode() + body)
        return True

    return move


def hangs_up(_connection: socket.socket) -> bool:
    """Close without an answer."""
    return False


def says_nothing(connection: socket.socket) -> bool:
    """Keep silent until the client gives up."""
    connection.settimeout(10)
    with contextlib.suppress(OSError):
        connection.recv(1)
    return False


def resets(connection: socket.socket) -> bool:
    """Break the connection off, so that the client sees a reset and not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def drips(head: bytes, tail: bytes) -> Move:
    """Send the head at once and then the tail again and again, a byte at a time, each soon enough for one read."""

    def move(connection: socket.socket) -> bool:
        end = time.monotonic() + 10
        with contextlib.suppress(OSError):
            connection.sendall(head)
            while time.monotonic() < end:
                for byte in tail:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.02)
        return False

    return move


def says(words: bytes) -> Move:
    """Send these bytes, whatever they are, and hang up."""

    def move(connection: socket.socket) -> bool:
        connection.sendall(words)
        return False

    return move


class ScriptedUpstream:
    """Takes a move per request; the last one is repeated. `requests` holds what was asked, `connections` counts."""

    def __init__(self, moves: list[Move], port: int = 0) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._moves = moves
        self._server = socket.create_server(("127.0.0.1", port))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening and drop everybody."""
        # shutdown() wakes the thread that sits in accept(); close() alone would leave it there.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while asked := _message(connection):
                move = self._moves[min(len(self.requests), len(self._moves) - 1)]
                self.requests.append(asked)
                if not move(connection):
                    return


def _message(connection: socket.socket) -> bytes:
    asked = b""
    while b"\r\n\r\n" not in asked:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        asked += chunk
    head, _, body = asked.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def scripted_upstream(*moves: Move, port: int = 0) -> Iterator[ScriptedUpstream]:
    """Lend a scripted server, on a port of the system's choice unless one is given."""
    upstream = ScriptedUpstream(list(moves), port)
    try:
        yield upstream
    finally:
        upstream.close()


@contextlib.contextmanager
def losing_the_first_answer(url: str) -> Iterator[str]:
    """Lend the URL of a relay before another server; of the first connection the answer is lost, after it came."""
    host, port = url.removeprefix("http://").split(":")

    def relay(client: socket.socket, *, loses: bool) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection((host, int(port))) as server:
            while asked := _message(client):
                server.sendall(asked)
                answer = _message(server)
                if loses or not answer:
                    return
                client.sendall(answer)

    def accept(listener: socket.socket) -> None:
        loses = True
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=relay, args=(client,), kwargs={"loses": loses}, daemon=True).start()
                loses = False

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
