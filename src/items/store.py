"""Items in PostgreSQL: one exchange for each question, JSON as the database rendered it, errors translated here."""

import hashlib
import json
from dataclasses import dataclass

from pg8000.exceptions import DatabaseError

from items.connection import BROKEN, FOR_REQUESTS, connect, is_about, is_silence, said, sqlstate
from items.errors import KeyInProgress, KeyReused, NotStorable, StoreTooSlow, StoreUnavailable
from items.outage_backoff import OutageBackoff
from items.pool import Pool, PoolCounts
from items.settings import POOL, Database
from items.statements import ADD, ADD_ONCE, CHANGE, FIND, PAGE, REMOVE, SUMMARY
from items.wire import Line, Row


@dataclass(frozen=True)
class Added:
    """A new item: its id, its JSON, and whether an earlier request with the same key had made it."""

    id: int
    item: bytes
    replayed: bool = False


class Store:
    """Reads and writes items, from any number of threads. Opens a connection when one is needed."""

    def __init__(self, database: Database, *, pool: int = POOL, outage: OutageBackoff | None = None) -> None:
        self._outage = outage or OutageBackoff()
        self._pool = Pool(lambda: connect(database, FOR_REQUESTS), size=pool, outage=self._outage)

    def page(self, *, after: int, limit: int) -> bytes:
        """Give up to `limit` items with an id above `after`, in the order of ids, and where the next page begins."""
        return _only(self._ask(PAGE, str(after), str(limit), repeatable=True))

    def summary(self) -> bytes:
        """Give how many items there are, and the newest."""
        return _only(self._ask(SUMMARY, repeatable=True))

    def find(self, item_id: int) -> bytes | None:
        """Give an item, or None."""
        return _first(self._ask(FIND, str(item_id), repeatable=True))

    def add(self, name: str, description: str | None) -> Added:
        """Store a new item and give it with its id."""
        [(item_id, item)] = self._ask(ADD, name, description)
        return Added(int(_filled(item_id)), _filled(item))

    def add_once(self, key: str, name: str, description: str | None) -> Added:
        """As `add`, once for each key, whatever pod is asked; raises KeyReused or KeyInProgress too."""
        request = hashlib.sha256(json.dumps([name, description]).encode()).hexdigest()
        [(item_id, item, first, replayed)] = self._ask(ADD_ONCE, key, request, name, description, repeatable=True)
        if first != request.encode():
            raise KeyReused("this Idempotency-Key was used for another item")
        return Added(int(_filled(item_id)), _filled(item), replayed is not None)

    def change(self, item_id: int, name: str, description: str | None) -> bytes | None:
        """Replace an item's fields and give it, or None when there is none."""
        return _first(self._ask(CHANGE, str(item_id), name, description))

    def remove(self, item_id: int) -> bool:
        """Delete an item; False when there is none."""
        return bool(self._ask(REMOVE, str(item_id)))

    def counts(self) -> PoolCounts:
        """Give what the pool counts."""
        return self._pool.counts()

    def close(self) -> None:
        """Close every connection; those in use, when they are given back."""
        self._pool.close()

    def _ask(self, sql: str, *values: str | None, repeatable: bool = False) -> list[Row]:
        """Ask once; once more on another connection, when that can do no harm and may help."""
        try:
            return self._once(sql, values)
        except _Failed as failure:
            if not (failure.not_done or (repeatable and failure.may_pass)):
                raise failure.because from failure.__cause__
        try:
            return self._once(sql, values)
        except _Failed as failure:
            raise failure.because from failure.__cause__

    def _once(self, sql: str, values: tuple[str | None, ...]) -> list[Row]:
        line, new = self._lent()
        try:
            rows = line.ask(sql, *values)
        except BROKEN as error:
            self._pool.drop(line)
            silent = is_silence(error)
            if silent:
                self._outage.failed(said(error))
            raise _Failed(
                StoreUnavailable(f"the database does not answer: {said(error)}"), may_pass=not (new or silent)
            ) from error
        except DatabaseError as error:
            self._outage.ended()
            kept = sqlstate(error).startswith(_LINE_IS_GOOD)
            (self._pool.give_back if kept else self._pool.drop)(line)
            raise _Failed(
                _translated(error),
                not_done=sqlstate(error).startswith(_NOT_DONE),
                may_pass=sqlstate(error) == _UNIQUE,
            ) from error
        except BaseException:
            self._pool.drop(line)  # not foreseen: who knows what it would say next
            raise
        self._pool.give_back(line)
        self._outage.ended()
        return rows

    def _lent(self) -> tuple[Line, bool]:
        try:
            return self._pool.lend()
        except BROKEN as error:
            raise StoreUnavailable(f"the database does not answer: {said(error)}") from error
        except DatabaseError as error:
            raise StoreUnavailable(f"the database refused: {said(error)}") from error


class _Failed(Exception):
    """A question without an answer. `not_done`: surely nothing was done; `may_pass`: a second try may go well."""

    def __init__(self, because: Exception, *, not_done: bool = False, may_pass: bool = False) -> None:
        super().__init__(str(because))
        self.because = because
        self.not_done = not_done
        self.may_pass = may_pass


_UNIQUE = "23505"
# Serialisation, deadlock; a transaction that somebody left open and failed; a plan or a statement that is no more.
_NOT_DONE = ("40001", "40P01", "25P02", "0A000", "26000")
# The value, a constraint, a deadlock, a lock or a statement that took too long: the connection is as good as before.
_LINE_IS_GOOD = ("22", "23", "40", "55P03", "57014")


def _translated(error: DatabaseError) -> Exception:
    code = sqlstate(error)
    if code == "55P03" and is_about(error, "idempotency_keys_pkey"):
        return KeyInProgress("the first request with this Idempotency-Key is not finished")
    if code in ("57014", "55P03"):
        return StoreTooSlow("the database took too long")
    if code[:2] == "22":
        return NotStorable(f"the database refuses the value ({code})")
    return StoreUnavailable(f"the database refused ({code})")


def _first(rows: list[Row]) -> bytes | None:
    return rows[0][0] if rows else None


def _only(rows: list[Row]) -> bytes:
    [(value,)] = rows
    return _filled(value)


def _filled(column: bytes | None) -> bytes:
    assert column is not None
    return column
