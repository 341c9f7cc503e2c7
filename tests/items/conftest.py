"""The items app on a real PostgreSQL, in this process."""

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from children.postgres import PostgresChild
from items.app import make_app
from items.connection import FOR_REQUESTS, connect, hang_up
from items.errors import StoreUnavailable
from items.schema import migrate, steps
from items.settings import Database, Settings
from items.store import Store
from items.wire import Line
from serving.checker import CheckState
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp


class Fine:
    """A check that always succeeds."""

    def state(self) -> CheckState:
        return CheckState(seen=True, ok=True, age=0.0, latency=0.0, reason="", failing_for=0.0)


@pytest.fixture(scope="session")
def database(postgres: PostgresChild) -> Database:
    """The way into the database."""
    return Settings.from_env(postgres.env).database


@pytest.fixture
def empty_table(database: Database) -> None:
    """The table, without a row, counting from 1."""
    connection = connect(database, FOR_REQUESTS)
    migrate(connection, steps())
    connection.run("TRUNCATE items, idempotency_keys RESTART IDENTITY")
    hang_up(connection)


@pytest.fixture
def store(database: Database, empty_table: None) -> Iterator[Store]:  # noqa: ARG001 - a fixture
    """A store on the empty table."""
    store = Store(database)
    yield store
    store.close()


@pytest.fixture
def app(store: Store) -> WsgiApp:
    """The app around the store."""
    return make_app(store, Instance.here("items", Lifecycle()), {"database": Fine()})


@pytest.fixture
def admin(database: Database) -> Iterator[Line]:
    """A connection beside the store's."""
    connection = connect(database, FOR_REQUESTS)
    yield connection
    hang_up(connection)


def kill_others(admin: Line) -> None:
    """End every other connection of the service, as an administrator would; returns once they are gone."""
    others = "FROM pg_stat_activity WHERE application_name = 'items' AND pid <> pg_backend_pid()"
    admin.run(f"SELECT pg_terminate_backend(pid, 2000) {others}")


RECOVERY = 15.0  # seconds after which everything must work again; it takes about 2


def seconds_until(true: Callable[[], bool]) -> float:
    """Wait until it is true, at most RECOVERY, with every outage on the way forgiven; give how long that took."""
    began = time.monotonic()
    while time.monotonic() < began + RECOVERY:
        with contextlib.suppress(StoreUnavailable):
            if true():
                return time.monotonic() - began
        time.sleep(0.02)
    return RECOVERY
