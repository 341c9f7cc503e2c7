"""One connection to PostgreSQL, with bounds on every wait."""

import socket
from dataclasses import dataclass

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from items.settings import Database

BROKEN = (InterfaceError, OSError)
"""What pg8000 raises when the connection is gone or silent; TimeoutError is an OSError."""


@dataclass(frozen=True)
class Waits:
    """Bounds in seconds. The server gives up first, so that a slow query ends as an error, not as a dead socket."""

    connect: float
    answer: float
    statement: float


# The consumer waits 2 s for an answer: what comes later comes to nobody (static.timeouts).
FOR_REQUESTS = Waits(connect=1.0, answer=1.8, statement=1.5)
FOR_CHECKS = Waits(connect=1.0, answer=1.0, statement=0.8)


def connect(database: Database, waits: Waits) -> Connection:
    """Open a connection; raises one of BROKEN, or DatabaseError when the server refuses."""
    sock = socket.create_connection((database.host, database.port), timeout=waits.connect)
    try:
        _tune(sock, waits)
        return Connection(
            database.user,
            database=database.name,
            password=database.password,
            sock=sock,
            # On purpose: pg8000's default tries TLS without verifying and falls back to none in silence. Who
            # may reach the database is the network policy's business.
            ssl_context=False,
            application_name="items",
            startup_params={"options": _options(waits)},
        )
    except BaseException:
        sock.close()
        raise


def hang_up(connection: Connection) -> None:
    """Close a connection, whatever state it is in."""
    try:
        connection.close()
    except (*BROKEN, DatabaseError):
        return  # it was broken already, and pg8000 says so


def sqlstate(error: DatabaseError) -> str:
    """Give PostgreSQL's five-letter code of an error."""
    said = error.args[0] if error.args else {}
    return str(said.get("C", "")) if isinstance(said, dict) else ""


def _options(waits: Waits) -> str:
    statement = int(waits.statement * 1000)
    return (
        f"-c statement_timeout={statement} -c lock_timeout={min(statement, 2000)}"
        " -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
    )


def _tune(sock: socket.socket, waits: Waits) -> None:
    sock.settimeout(waits.answer)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A server that vanished without a word is noticed within a minute, and within 10 s when we wait for it.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
