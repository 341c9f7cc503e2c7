"""The database's sign of life, on a connection of its own; brings the schema up to date, and sweeps old keys."""

import logging
import time

from pg8000.exceptions import DatabaseError

from items.connection import BROKEN, FOR_CHECKS, FOR_MIGRATIONS, connect, hang_up, is_silence, said
from items.outage_backoff import OutageBackoff
from items.schema import is_current, migrate, steps
from items.settings import Database
from items.statements import SWEEP
from items.wire import Line

KEPT = 24 * 60 * 60  # seconds for which an idempotency key is known
SWEEPS = 10 * 60  # seconds between two sweeps; a key may be known so much longer
BATCH = 1000  # keys a sweep takes at once; there is another at the next check when it was full

_log = logging.getLogger("database")


class DatabaseDown(Exception):
    """The database did not answer, or refused."""


class DatabaseCheck:
    """
    Asks for a row of the table. For one thread.

    Tells `outage` when nobody answers at all, and when somebody does: requests need not find out one by one.
    """

    def __init__(self, database: Database, *, outage: OutageBackoff | None = None) -> None:
        self._database = database
        self._outage = outage or OutageBackoff()
        self._steps = steps()
        self._line: Line | None = None
        self._next_sweep = time.monotonic()

    def attempt(self) -> None:
        """Return when the database answers and has the schema; raises DatabaseDown. Within 2 s, unless it migrates."""
        try:
            self._ask()
        except (*BROKEN, DatabaseError) as error:
            self.close()
            raise DatabaseDown(said(error)) from error

    def close(self) -> None:
        """Close the connection if there is one."""
        if self._line is not None:
            hang_up(self._line)
            self._line = None

    def _ask(self) -> None:
        if self._line is not None and self._line.spoken_to:
            self.close()  # it was ended while it idled, which says nothing of the database now
        try:
            if self._line is None:
                self._line = connect(self._database, FOR_CHECKS)
                self._bring_up_to_date(self._line)
            self._line.ask("SELECT 1 FROM items LIMIT 1")
        except BROKEN as error:
            if self._line is None or is_silence(error):
                self._outage.failed(said(error), watched=True)
            raise
        self._outage.ended()
        self._sweep(self._line)

    def _bring_up_to_date(self, line: Line) -> None:
        if is_current(line, self._steps):
            return
        migrator = connect(self._database, FOR_MIGRATIONS)
        try:
            for step in migrate(migrator, self._steps):
                _log.info("schema: applied %04d_%s", step.number, step.name)
        finally:
            hang_up(migrator)

    def _sweep(self, line: Line) -> None:
        """Forget keys that are older than a day, a batch at a time."""
        if time.monotonic() < self._next_sweep:
            return
        try:
            swept = len(line.ask(SWEEP, f"{KEPT} seconds", str(BATCH)))
        except DatabaseError as error:  # too slow, or locked out: that is no reason to call the database down
            _log.warning("keys were not swept, next try in %d s: %s", SWEEPS, said(error))
            swept = 0
        if swept < BATCH:
            self._next_sweep = time.monotonic() + SWEEPS
