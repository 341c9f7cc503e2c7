"""How often a request goes to PostgreSQL and back, counted between the two. Counts cannot flake."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pg8000.native import Connection

from items.app import make_app
from items.settings import Database
from items.store import Store
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import ask, ask_json
from tests.items.relay import Passed, relay_to

ONE_EXCHANGE = ["B", "E", "S"]  # Bind, Execute, Sync: one answer is waited for
FIRST_EXCHANGE = ["P", *ONE_EXCHANGE]  # and Parse, once for each connection

Request = Callable[[WsgiApp], object]
REQUESTS: dict[str, Request] = {
    "read": lambda app: ask(app, "GET", "/items/1"),
    "read none": lambda app: ask(app, "GET", "/items/99"),
    "list": lambda app: ask(app, "GET", "/items"),
    "summary": lambda app: ask(app, "GET", "/summary"),
    "create": lambda app: ask_json(app, "POST", "/items", {"name": "lamp"}),
    "create once": lambda app: ask_json(app, "POST", "/items", {"name": "lamp"}, headers={"Idempotency-Key": "k"}),
    "change": lambda app: ask_json(app, "PUT", "/items/1", {"name": "desk lamp"}),
    "delete": lambda app: ask(app, "DELETE", "/items/1"),
}


@pytest.fixture
def relayed(database: Database, empty_table: None) -> Iterator[tuple[WsgiApp, Store, Passed]]:  # noqa: ARG001 - a fixture
    """The app on a store behind a relay, with an item and one open connection."""
    with relay_to(database.port) as (port, passed):
        store = Store(replace(database, port=port))
        app = make_app(store, Instance.here("items", Lifecycle()), {})
        ask_json(app, "POST", "/items", {"name": "lamp", "description": "x" * 500})
        yield app, store, passed
        store.close()


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_one_exchange_and_its_answer_one_send(
    relayed: tuple[WsgiApp, Store, Passed], request_of: Request
) -> None:
    app, store, passed = relayed
    request_of(app)
    passed.clear()
    before = store.counts().exchanges
    request_of(app)
    assert passed.messages == ONE_EXCHANGE
    assert len(passed.pieces) == 1
    assert store.counts().exchanges == before + 1
    assert passed.connections == 1


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_even_the_first_of_its_kind_is_one_exchange(
    relayed: tuple[WsgiApp, Store, Passed], request_of: Request
) -> None:
    app, _, passed = relayed
    passed.clear()
    request_of(app)
    assert passed.messages in (FIRST_EXCHANGE, ONE_EXCHANGE)  # the fixture has created before
    assert len(passed.pieces) == 1


def test_a_request_that_is_refused_does_not_reach_the_database(relayed: tuple[WsgiApp, Store, Passed]) -> None:
    app, _, passed = relayed
    passed.clear()
    for method, path in (("GET", "/items/abc"), ("GET", "/health"), ("GET", "/metrics"), ("GET", "/openapi.json")):
        ask(app, method, path)
    ask_json(app, "POST", "/items", {"name": ""})
    assert passed.messages == []


def test_the_count_sees_what_plain_pg8000_does(database: Database) -> None:
    """The control: with Flush after each message, which is what the count is there to find."""
    with relay_to(database.port) as (port, passed):
        plain = Connection("postgres", port=port, database=database.name, password=database.password, ssl_context=False)
        statement = plain.prepare("SELECT CAST(:id AS int)")
        passed.clear()
        statement.run(id=7)
        assert passed.messages == ["B", "H", "E", "H", "S"]
        passed.clear()
        plain.run("SELECT CAST(:id AS int)", id=7)
        assert passed.messages.count("S") == 3
        plain.close()
