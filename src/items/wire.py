"""A pg8000 connection whose questions are prepared once, cost one exchange each, and come back as bytes."""

import select
import struct
import time
from typing import Any

from pg8000.core import BIND, DATA_ROW, EXECUTE_MSG, PARSE, PARSE_COMPLETE, READY_FOR_QUERY, SYNC_MSG, Context
from pg8000.exceptions import InterfaceError
from pg8000.native import Connection

Row = tuple[bytes | None, ...]

_CHUNK = 256 * 1024  # bytes: what one read takes at most
_header = struct.Struct("!ci")
_int = struct.Struct("!i")
_short = struct.Struct("!H")


class Line(Connection):  # type: ignore[misc]
    """
    A connection to PostgreSQL. For one thread at a time.

    pg8000 asks the server to flush after each message, so that the answer to one statement comes in three sends and is
    read in three turns; and it knows no statement again. `ask` sends all in one piece, asks for nothing but the end
    (one send there, one back), and leaves the columns as the server rendered them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.exchanges = 0
        self.opened = time.monotonic()
        self._prepared: dict[str, bytes] = {}
        super().__init__(*args, **kwargs)
        self._heard = select.poll()
        self._heard.register(self._usock, select.POLLIN)

    def ask(self, sql: str, *values: str | None) -> list[Row]:
        """
        Give the rows of a statement with the parameters $1, $2, ... in one exchange.

        Raises DatabaseError when the server says no, InterfaceError when it hangs up, OSError (TimeoutError) when it
        cannot be heard; after the last two the connection is of no more use.
        """
        name = self._prepared.get(sql)
        if name is None:
            name = b"q%d\0" % len(self._prepared)
            message = _message(PARSE, name + sql.encode() + b"\0\0\0") + _bind(name, values)
        else:
            message = _bind(name, values)
        self.exchanges += 1
        self._usock.sendall(message + EXECUTE_MSG + SYNC_MSG)
        return self._rows(Context(sql), name)

    def wait_at_most(self, seconds: float) -> None:
        """Bound each wait for the server from now on."""
        self._usock.settimeout(seconds)

    @property
    def settled(self) -> bool:
        """Whether the last answer ended outside of any transaction."""
        return bool(self._transaction_status == b"I")

    @property
    def spoken_to(self) -> bool:
        """Whether the server said something unasked. To an idle client it says only good-bye."""
        return bool(self._heard.poll(0))

    def _rows(self, context: Context, name: bytes) -> list[Row]:
        """Read until the server is ready for the next question; raises the error it told on the way."""
        rows: list[Row] = []
        heard, at, code = b"", 0, b""
        while code != READY_FOR_QUERY:
            while len(heard) < at + 5:
                heard += self._receive()
            code, length = _header.unpack_from(heard, at)
            end = at + 1 + length
            while len(heard) < end:
                heard += self._receive()
            if code == DATA_ROW:
                rows.append(_columns(heard, at + 5))
            elif code == PARSE_COMPLETE:
                self._prepared[context.statement] = name
            else:
                self.message_types[code](heard[at + 5 : end], context)
            at = end
        if context.error is not None:
            raise context.error
        return rows

    def _receive(self) -> bytes:
        heard: bytes = self._usock.recv(_CHUNK)
        if not heard:
            raise InterfaceError("the server closed the connection")
        return heard


def _message(code: bytes, content: bytes) -> bytes:
    return _header.pack(code, len(content) + 4) + content


def _bind(name: bytes, values: tuple[str | None, ...]) -> bytes:
    """Give the Bind message: the unnamed portal of a statement, parameters and columns as text."""
    parts = [b"\0", name, b"\0\0", _short.pack(len(values))]
    for value in values:
        if value is None:
            parts.append(_int.pack(-1))
        else:
            encoded = value.encode()
            parts += (_int.pack(len(encoded)), encoded)
    parts.append(b"\0\0")
    return _message(BIND, b"".join(parts))


def _columns(heard: bytes, at: int) -> Row:
    """Give the columns of the DataRow message whose content starts at `at`."""
    (count,) = _short.unpack_from(heard, at)
    at += 2
    columns: list[bytes | None] = []
    for _ in range(count):
        (length,) = _int.unpack_from(heard, at)
        at += 4
        if length < 0:
            columns.append(None)
        else:
            columns.append(heard[at : at + length])
            at += length
    return tuple(columns)
