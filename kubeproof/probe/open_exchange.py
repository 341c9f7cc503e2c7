"""One HTTP exchange that nobody waits for: a request written beforehand, a connection of its own, asyncio's sockets."""

import asyncio
import io
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any, cast

from .exchange import encoded, place

AT_ONCE = 65536  # bytes read in one piece


@dataclass(frozen=True)
class Request:
    """A request as it goes over the wire, and where it goes: `address` is (family, address), None for a name."""

    host: str
    port: int
    method: str
    wire: bytes
    address: tuple[int, Any] | None


def written(method: str, url: str, body: Any, headers: Mapping[str, str]) -> Request:
    """A request that has its connection closed, written once for all the times that it is sent; raises ValueError."""
    host, port, target = place(url)
    payload, typed = encoded(body)
    connection, paper = HTTPConnection(host, port), _Paper()
    connection.sock = cast(socket.socket, paper)
    connection.request(method, target, payload, {**typed, **headers, "Connection": "close"})
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return Request(host, port, method, paper.wire, None)
    return Request(host, port, method, paper.wire, (found[0][0], found[0][4]))


async def answered(request: Request) -> int:
    """Send a request on a new connection and read its answer to the end; its status. Raises OSError, HTTPException."""
    loop = asyncio.get_running_loop()
    family, address = request.address or await _found(loop, request)
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, address)
        await loop.sock_sendall(connection, request.wire)
        said = b""
        while True:
            more = await loop.sock_recv(connection, AT_ONCE)
            said += more
            status = _status(said, request.method, ended=not more)
            if status is not None:
                return status


async def _found(loop: asyncio.AbstractEventLoop, request: Request) -> tuple[int, Any]:
    """Family and address of a name, looked up each time."""
    found = await loop.getaddrinfo(request.host, request.port, type=socket.SOCK_STREAM)
    return found[0][0], found[0][4]


def _status(said: bytes, method: str, *, ended: bool) -> int | None:
    """The status of an answer that is whole, None while more of it is to come; raises HTTPException for no answer."""
    if not ended and b"\r\n\r\n" not in said:
        return None
    answer = HTTPResponse(cast(socket.socket, _Received(said)), method=method)
    answer.begin()
    if not ended and answer.length is None and not answer.chunked:
        return None  # its end is that of the connection
    try:
        answer.read()
    except IncompleteRead:
        if ended:
            raise
        return None
    return answer.status


class _Paper:
    """What http.client takes for a socket, to have a request written down."""

    def __init__(self) -> None:
        self.wire = b""

    def sendall(self, part: bytes) -> None:
        self.wire += part


class _Received(io.BytesIO):
    """What http.client takes for a socket, to read an answer from bytes."""

    def makefile(self, *_: Any) -> "_Received":
        return self
