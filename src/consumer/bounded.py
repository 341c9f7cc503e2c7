"""
Connections of urllib3 whose responses have one end.

The time-out of a socket is per read, so an answer in drops is never late. Here the time-out that a connection has when
it begins to read is for all of the response: status line, headers and body.
"""

import http.client
import io
import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _BoundedReads(io.RawIOBase):
    """Reads a socket; all reads together end when the time-out that the socket had at first is over."""

    def __init__(self, source: Any, connection: socket.socket) -> None:
        self._source = source
        self._socket = connection
        self._end = time.monotonic() + (connection.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response took too long")
        self._socket.settimeout(left)
        read: int | None = self._source.readinto(buffer)
        return read

    def close(self) -> None:
        try:
            self._source.close()
        finally:
            super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """A response whose status line, headers and body have one end together."""

    def __init__(self, sock: socket.socket, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        # urllib3 has just set the socket's time-out to what is left of the attempt.
        self.fp = io.BufferedReader(_BoundedReads(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _BoundedResponse


class _TlsConnection(HTTPSConnection):
    response_class = _BoundedResponse


class BoundedPool(HTTPConnectionPool):
    """A pool whose responses end in time."""

    ConnectionCls = _Connection


class BoundedTlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TlsConnection
