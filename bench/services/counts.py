"""
Counts that depend on no clock: exchanges with PostgreSQL per request, TCP segments per response.

An exchange is a turn of the conversation: something is sent after something was received, and is waited for. They are
counted by a relay between service and PostgreSQL; segments by the kernel, for the socket of the client that asks.
"""

import http.client
import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat

from bench.errors import CannotMeasure

BURST = 100  # requests
BURSTS = 3
# Where tcp_info (linux/tcp.h) holds tcpi_data_segs_in, an unsigned 32-bit number.
DATA_SEGMENTS_IN = 152
TCP_INFO_BYTES = 192
PLAIN: Iterator[Mapping[str, str]] = repeat({})


@dataclass(frozen=True)
class Counts:
    """Of one kind of request, asked one after the other."""

    exchanges: float
    segments: float


class Relay:
    """Passes connections on to a port and counts the turns of all of them."""

    def __init__(self, to: int) -> None:
        self.turns = 0
        self._to = to
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections; those that are there end with their ends."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            server = socket.create_connection(("127.0.0.1", self._to))
            spoke = _LastWord()
            for source, sink in ((client, server), (server, client)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                asks = source is client
                threading.Thread(target=self._pass_on, args=(source, sink, spoke, asks), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, spoke: "_LastWord", asks: bool) -> None:
        try:
            while piece := source.recv(65536):
                if asks and not spoke.client:
                    with self._lock:
                        self.turns += 1
                spoke.client = asks
                sink.sendall(piece)
        except OSError:
            pass  # one end went away: the other is told below
        finally:
            for end in (source, sink):
                _hang_up(end)


class _LastWord:
    """Who spoke last on a connection."""

    client = False


def _hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is down already


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """Lend a relay to a port of this machine."""
    lent = Relay(to)
    try:
        yield lent
    finally:
        lent.close()


def counted(
    between: Relay, port: int, method: str, paths: Iterator[str], headers: Iterator[Mapping[str, str]] = PLAIN
) -> Counts:
    """
    Ask in bursts and give the counts per request of the burst with the fewest; paths and headers never end.

    The fewest, because a service also asks its database by itself now and then: whether it is there.
    """
    _burst(between, port, method, paths, headers)  # warms up: connections are made, statements prepared
    bursts = [_burst(between, port, method, paths, headers) for _ in range(BURSTS)]
    return Counts(min(burst.exchanges for burst in bursts), min(burst.segments for burst in bursts))


def _burst(
    between: Relay, port: int, method: str, paths: Iterator[str], headers: Iterator[Mapping[str, str]]
) -> Counts:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = json.dumps({"name": "a new item"}) if method == "POST" else None
    try:
        connection.connect()
        before = between.turns
        for path, more in islice(zip(paths, headers, strict=False), BURST):
            connection.request(method, path, body, {"Content-Type": "application/json", **more})
            response = connection.getresponse()
            response.read()
            if response.status not in (200, 201):
                raise CannotMeasure(f"{method} {path} was answered {response.status}")
        turns = between.turns - before
        return Counts(turns / BURST, segments_in(connection.sock) / BURST)
    finally:
        connection.close()


def segments_in(sock: socket.socket) -> int:
    """Give how many segments with data this socket has received."""
    told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    if len(told) < DATA_SEGMENTS_IN + 4:
        raise CannotMeasure("this kernel does not count the data segments of a TCP socket (Linux 4.6 or newer does)")
    count: int = struct.unpack_from("=I", told, DATA_SEGMENTS_IN)[0]
    return count
