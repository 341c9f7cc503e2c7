"""The database's sign of life, on a connection of its own; makes the table when it is missing."""

from importlib.resources import files

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection

from items.connection import BROKEN, FOR_CHECKS, connect, hang_up
from items.settings import Database

_SCHEMA_LOCK = 5_000_001  # any number, the same in each pod: IF NOT EXISTS alone fails when two pods race


class DatabaseDown(Exception):
    """The database did not answer, or refused."""


class DatabaseCheck:
    """Asks the table for a row. For one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def attempt(self) -> None:
        """Return when the database answers and has the table; raises DatabaseDown. Waits at most about 3 s."""
        try:
            if self._connection is None:
                self._connection = connect(self._database, FOR_CHECKS)
                create_schema(self._connection)
            self._connection.run("SELECT 1 FROM items LIMIT 1")
        except (*BROKEN, DatabaseError) as error:
            self.close()
            raise DatabaseDown(_said(error)) from error

    def close(self) -> None:
        """Close the connection if there is one."""
        if self._connection is not None:
            hang_up(self._connection)
            self._connection = None


def create_schema(connection: Connection) -> None:
    """Make the table unless it is there; safe when several pods start at once."""
    connection.run("BEGIN")
    connection.run(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
    connection.run(files("items").joinpath("schema.sql").read_text("utf-8"))
    connection.run("COMMIT")


def _said(error: BaseException) -> str:
    """Give what the server or the system said, without anything that was sent."""
    if isinstance(error, DatabaseError) and error.args and isinstance(error.args[0], dict):
        return f"{error.args[0].get('M', 'refused')} ({error.args[0].get('C', '?')})"
    return str(error.__cause__ or error) or type(error).__name__
