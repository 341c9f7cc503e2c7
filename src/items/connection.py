"""Opening and closing a connection to PostgreSQL, with bounds on every wait; its errors in words."""

import socket
from dataclasses import dataclass

from pg8000.exceptions import DatabaseError, InterfaceError

from items.settings import Database
from items.wire import Line

BROKEN = (InterfaceError, OSError)
"""What is raised when the connection is gone or silent; TimeoutError and SSLError are OSErrors."""


@dataclass(frozen=True)
class Waits:
    """
    Bounds in seconds. Each gives up before the next: the lock, the statement, the socket.

    So a slow query ends as an error that says why, not as a dead socket behind which it runs on.
    """

    connect: float
    lock: float
    statement: float

    @property
    def answer(self) -> float:
        """How long the socket waits for an answer."""
        return self.statement + 0.5


FOR_REQUESTS = Waits(connect=1.0, lock=0.5, statement=1.0)  # below the 2 s that the consumer gives one attempt
FOR_CHECKS = Waits(connect=1.0, lock=0.25, statement=0.5)
# A step that waits for a table makes everybody else wait behind it: it gives up early, and is tried again.
FOR_MIGRATIONS = Waits(connect=1.0, lock=0.5, statement=60.0)


def connect(database: Database, waits: Waits) -> Line:
    """Open a connection; raises one of BROKEN, or DatabaseError when the server refuses."""
    sock = socket.create_connection((database.host, database.port), timeout=waits.connect)
    try:
        _tune(sock)
        line = Line(
            database.user,
            host=database.host,  # for the certificate; the socket is open already
            database=database.name,
            password=database.password,
            sock=sock,
            # pg8000's own default tries TLS without verifying and falls back to none in silence.
            ssl_context=database.tls or False,
            application_name="items",
            startup_params={"options": _options(waits)},
        )
    except (*BROKEN, DatabaseError):
        sock.close()
        raise
    except Exception as error:  # pg8000 read what PostgreSQL does not say: KeyError, struct.error, ...
        sock.close()
        raise InterfaceError(f"{database.host}:{database.port} does not speak as PostgreSQL does") from error
    line.wait_at_most(waits.answer)
    return line


def hang_up(line: Line) -> None:
    """Close a connection, whatever state it is in."""
    try:
        line.close()
    except (*BROKEN, DatabaseError):
        return  # it was broken already, and pg8000 says so


def is_silence(error: BaseException) -> bool:
    """Tell whether an error means that nobody answered in time; pg8000 wraps some of the time-outs."""
    return isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)


def sqlstate(error: DatabaseError) -> str:
    """Give PostgreSQL's five-letter code of an error."""
    return _field(error, "C")


def is_about(error: DatabaseError, relation: str) -> bool:
    """Tell whether an error names a relation where it says what it was doing."""
    return f'"{relation}"' in _field(error, "W")


def said(error: BaseException) -> str:
    """Give what the server or the system said, without anything that was sent."""
    if isinstance(error, DatabaseError):
        return f"{_field(error, 'M') or 'refused'} ({sqlstate(error) or '?'})"
    system = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return str(system) or type(error).__name__


def _field(error: DatabaseError, name: str) -> str:
    told = error.args[0] if error.args else {}
    return str(told.get(name, "")) if isinstance(told, dict) else ""


def _options(waits: Waits) -> str:
    return (
        f"-c statement_timeout={int(waits.statement * 1000)} -c lock_timeout={int(waits.lock * 1000)}"
        " -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
    )


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A server that vanished without a word is noticed within a minute, and within 10 s when we wait for it.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
