"""The items app on a real PostgreSQL, in this process."""

from collections.abc import Iterator

import pytest

from items.app import make_app
from items.connection import FOR_REQUESTS, connect, hang_up
from items.database_check import create_schema
from items.settings import Database, Settings
from items.store import Store
from serving.checker import CheckState
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.postgres_child import PostgresChild


class Fine:
    """A check that always succeeds."""

    def state(self) -> CheckState:
        return CheckState(seen=True, ok=True, age=0.0, latency=0.0, says="")


@pytest.fixture(scope="session")
def database(postgres: PostgresChild) -> Database:
    """The way into the database."""
    return Settings.from_env(postgres.env).database


@pytest.fixture
def empty_table(database: Database) -> None:
    """The table, without a row, counting from 1."""
    connection = connect(database, FOR_REQUESTS)
    create_schema(connection)
    connection.run("TRUNCATE items RESTART IDENTITY")
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
    return make_app(store, Lifecycle(), {"database": Fine()}, pod="test")
