"""Items in PostgreSQL: one connection and its prepared statements per thread, errors translated here."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pg8000.exceptions import DatabaseError
from pg8000.native import Connection, PreparedStatement

from items.connection import BROKEN, FOR_REQUESTS, connect, hang_up, sqlstate
from items.settings import Database

_COLUMNS = "id, name, description, created_at"
_PAGE = f"SELECT {_COLUMNS} FROM items WHERE id > :after ORDER BY id LIMIT :count"
_FIND = f"SELECT {_COLUMNS} FROM items WHERE id = :id"
_ADD = f"INSERT INTO items (name, description) VALUES (:name, :description) RETURNING {_COLUMNS}"
_CHANGE = f"UPDATE items SET name = :name, description = :description WHERE id = :id RETURNING {_COLUMNS}"
_REMOVE = "DELETE FROM items WHERE id = :id RETURNING id"


class StoreUnavailable(Exception):
    """The database cannot answer now; later it may."""


class StoreTooSlow(Exception):
    """The database gave up on a statement that took too long."""


class NotStorable(Exception):
    """The database refuses the value itself; the text says why."""


@dataclass(frozen=True)
class Item:
    """A row of the table; `created_at` is ISO 8601 in UTC."""

    id: int
    name: str
    description: str | None
    created_at: str | None


class _Line:
    """A connection of one thread and what was prepared on it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._prepared: dict[str, PreparedStatement] = {}

    def run(self, sql: str, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        statement = self._prepared.get(sql)
        if statement is None:
            statement = self._prepared[sql] = self.connection.prepare(sql)
        rows: Sequence[Sequence[Any]] = statement.run(**values)
        return rows


class Store:
    """Reads and writes items. Opens a connection at a thread's first question; may be used from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine = threading.local()
        self._all: set[_Line] = set()
        self._lock = threading.Lock()

    def page(self, *, after: int, count: int) -> list[Item]:
        """Give up to `count` items with an id above `after`, in the order of ids."""
        return [_item(row) for row in self._run(_PAGE, after=after, count=count)]

    def find(self, item_id: int) -> Item | None:
        """Give an item, or None."""
        return _first(self._run(_FIND, id=item_id))

    def add(self, name: str, description: str | None) -> Item:
        """Store a new item and give it with its id."""
        [row] = self._run(_ADD, name=name, description=description)
        return _item(row)

    def change(self, item_id: int, name: str, description: str | None) -> Item | None:
        """Replace an item's fields and give it, or None when there is none."""
        return _first(self._run(_CHANGE, id=item_id, name=name, description=description))

    def remove(self, item_id: int) -> bool:
        """Delete an item; False when there is none."""
        return bool(self._run(_REMOVE, id=item_id))

    def close(self) -> None:
        """Close every thread's connection. To be called when no thread asks any more."""
        with self._lock:
            lines, self._all = self._all, set()
        for line in lines:
            hang_up(line.connection)

    def _run(self, sql: str, **values: Any) -> Sequence[Sequence[Any]]:
        reused = getattr(self._mine, "line", None) is not None
        try:
            return self._line().run(sql, values)
        except BROKEN as error:
            self._drop()
            if reused and sql in (_PAGE, _FIND) and not isinstance(error, TimeoutError):
                # The connection had died while idle (a database restart): a read may simply be asked again.
                return self._run(sql, **values)
            raise StoreUnavailable(f"the database does not answer: {_reason(error)}") from error
        except DatabaseError as error:
            raise self._translated(error) from error

    def _line(self) -> _Line:
        line: _Line | None = getattr(self._mine, "line", None)
        if line is None:
            line = self._mine.line = _Line(connect(self._database, FOR_REQUESTS))
            with self._lock:
                self._all.add(line)
        return line

    def _drop(self) -> None:
        line: _Line | None = getattr(self._mine, "line", None)
        if line is not None:
            self._mine.line = None
            with self._lock:
                self._all.discard(line)
            hang_up(line.connection)

    def _translated(self, error: DatabaseError) -> Exception:
        code = sqlstate(error)
        if code == "57014":  # the statement timeout; the connection is still good
            return StoreTooSlow("the database took too long")
        if code[:2] == "22":
            return NotStorable(f"the database refuses the value ({code})")
        # Anything else (shutting down, too many connections, no table yet, a changed plan): begin afresh.
        self._drop()
        return StoreUnavailable(f"the database refused ({code})")


def _reason(error: BaseException) -> str:
    return str(error.__cause__ or error) or type(error).__name__


def _first(rows: Sequence[Sequence[Any]]) -> Item | None:
    return _item(rows[0]) if rows else None


def _item(row: Sequence[Any]) -> Item:
    item_id, name, description, created_at = row
    return Item(item_id, name, description, created_at and created_at.isoformat() + "Z")
