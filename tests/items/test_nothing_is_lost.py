"""Through the database's bad days nothing that was acknowledged is lost, and nothing is there twice."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from children.postgres import PostgresChild
from items.app import make_app
from items.connection import FOR_REQUESTS, connect, hang_up
from items.database_check import DatabaseCheck, DatabaseDown
from items.outage_backoff import OutageBackoff
from items.pool import PATIENCE
from items.settings import Database
from items.store import Store
from serving.checker import BackgroundCheck
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import Answered, ask, ask_json
from tests.items.conftest import RECOVERY, seconds_until

WRITERS = 5
# A pool that is used up, a connection that does not come, the answer to a question: one of them may be waited for.
LONGEST = PATIENCE + FOR_REQUESTS.connect + FOR_REQUESTS.answer


class Writers:
    """Threads that create items, each with its key, asking again until the item is acknowledged."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(WRITERS)]
        self.acknowledged: dict[str, int] = {}
        self.refusals: list[Answered] = []
        self.slowest = 0.0

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stop.is_set():
            name = f"{writer}-{number}"
            began = time.monotonic()
            answered = ask_json(self._app, "POST", "/items", {"name": name}, headers={"Idempotency-Key": name})
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answered.status == 201:
                self.acknowledged[name] = answered.json["id"]
                number += 1
            else:
                self.refusals.append(answered)
                self._stop.wait(0.02)


@pytest.fixture
def app(database: Database, empty_table: None) -> Iterator[WsgiApp]:  # noqa: ARG001 - a fixture
    """The app as its process has it: with a checker that knows of outages first."""
    outage = OutageBackoff()
    store, check = Store(database, outage=outage), DatabaseCheck(database, outage=outage)
    checker = BackgroundCheck(check.attempt, errors=(DatabaseDown,), interval=0.2)
    checker.start()
    yield make_app(store, Instance.here("items", Lifecycle()), {"database": checker})
    checker.stop()
    check.close()
    store.close()


def test_through_a_restart_and_a_freeze_every_acknowledged_write_is_there_once(
    app: WsgiApp, database: Database, postgres: PostgresChild
) -> None:
    with Writers(app) as writers:
        seconds_until(lambda: len(writers.acknowledged) > WRITERS)
        postgres.stop()
        time.sleep(0.3)
        postgres.start()
        with postgres.frozen():
            time.sleep(2)
        before = len(writers.acknowledged)
        recovered = seconds_until(lambda: len(writers.acknowledged) > before + WRITERS)
    rows = _rows(database)
    stored = {name: item_id for item_id, name in rows}
    assert recovered < RECOVERY
    assert len(stored) == len(rows)  # none twice
    assert writers.acknowledged.items() <= stored.items()
    assert len(stored) - len(writers.acknowledged) <= WRITERS  # at most what each had asked for last
    assert writers.slowest < LONGEST + 2  # for a machine that is busy
    assert {answered.status for answered in writers.refusals} <= {503, 504}
    assert {answered.headers["retry-after"] for answered in writers.refusals if answered.status == 503} == {"1"}
    assert ask(app, "GET", "/health", headers={"X-Probe": "readiness"}).status == 200


def _rows(database: Database) -> list[list[Any]]:
    line = connect(database, FOR_REQUESTS)
    rows: list[list[Any]] = line.run("SELECT id, name FROM items")
    hang_up(line)
    return rows
