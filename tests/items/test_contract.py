"""openapi.json and the service say the same: what is documented can be reached, what is answered is documented."""

import json
import threading
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from schemathesis.core.failures import FailureGroup

from items.app import MAX_ID, MAX_NAME, MAX_PAGE, PAGE, make_app
from items.outage_backoff import OutageBackoff
from items.settings import Database
from items.store import Store
from items.wire import Line
from serving.body import MAX_BODY
from serving.bulkhead import PERMITS
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.helpers.contract import RIGHT, WRONG, answered_as_documented, contract_of, fuzz, operations, statuses

DOCUMENT: dict[str, Any] = json.loads(files("items").joinpath("openapi.json").read_bytes())
LAMP = {"body": {"name": "lamp"}, "media_type": "application/json"}
ITEM = {"path_parameters": {"item_id": 1}}

OWN = {"/health", "/health/live", "/health/ready", "/metrics", "/openapi.json"}  # answered without the database


def right_request(path: str, method: str) -> dict[str, Any]:
    """What the operation wants to be told: the item in its path, a body."""
    item = ITEM if "{item_id}" in path else {}
    return {**item, **LAMP} if "requestBody" in DOCUMENT["paths"][path][method] else {**item}


def can_be_wrong(path: str, method: str) -> bool:
    """Whether a request can be wrong: X-Request-Id alone cannot, what is no id is taken for none."""
    asked, shared = DOCUMENT["paths"][path][method], DOCUMENT["paths"][path]["parameters"]
    return "requestBody" in asked or len([*asked.get("parameters", []), *shared]) > 1


OPERATIONS = operations(DOCUMENT)
OF_THE_DATABASE = [(path, method, right_request(path, method)) for path, method in OPERATIONS if path not in OWN]
FORBIDDING = [operation for operation in OPERATIONS if can_be_wrong(*operation)]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_what_is_asked_as_documented_is_answered_as_documented(app: WsgiApp, path: str, method: str) -> None:
    fuzz(contract_of(app), path, method, RIGHT)


@pytest.mark.parametrize(("path", "method"), FORBIDDING)
def test_what_is_asked_otherwise_is_answered_as_documented(app: WsgiApp, path: str, method: str) -> None:
    fuzz(contract_of(app), path, method, WRONG)


class Reached:
    """Makes requests and keeps which documented answers they reached."""

    def __init__(self, app: WsgiApp) -> None:
        self._contract = contract_of(app)
        self.all: set[tuple[str, str, int]] = set()

    def ask(self, path: str, method: str, **request: Any) -> None:
        self.all.add((path, method, answered_as_documented(self._contract, path, method, **request)))

    def ask_at_once(self, requests: list[tuple[str, str, dict[str, Any]]]) -> None:
        """Make requests side by side."""
        threads = [
            threading.Thread(target=self.ask, args=(path, method), kwargs=more) for path, method, more in requests
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.fixture
def outage() -> OutageBackoff:
    """What the app takes for an outage of its database."""
    return OutageBackoff()


@pytest.fixture
def lifecycle() -> Lifecycle:
    """Of the app whose answers are counted."""
    return Lifecycle()


@pytest.fixture
def reached(database: Database, store: Store, outage: OutageBackoff, lifecycle: Lifecycle) -> Iterator[Reached]:
    """An app on a table with one item; it keeps what its answers were."""
    store.add("lamp", None)
    own = Store(database, outage=outage)
    for line in [own._pool.lend()[0] for _ in range(PERMITS)]:  # opened before all are to wait at the same moment
        own._pool.give_back(line)
    yield Reached(make_app(own, Instance.here("items", lifecycle), {}))
    own.close()


def test_every_documented_status_is_reached(
    reached: Reached, outage: OutageBackoff, lifecycle: Lifecycle, admin: Line
) -> None:
    _ask_right_and_wrong(reached)
    _ask_while_a_key_is_taken(reached, admin)
    _ask_while_the_tables_are_locked(reached, admin)
    outage.failed("it is away")
    reached.ask_at_once(OF_THE_DATABASE)
    outage.ended()
    lifecycle.drain()
    reached.ask("/health", "get", headers={"X-Probe": "readiness"})
    reached.ask("/health/ready", "get")
    assert statuses(DOCUMENT) == reached.all


def _ask_right_and_wrong(reached: Reached) -> None:
    for path, method in OPERATIONS:
        if method == "get":
            reached.ask(path, method, **right_request(path, method))
    reached.ask("/health", "get", headers={"X-Probe": "curiosity"})
    reached.ask("/items", "get", query={"limit": 0})
    reached.ask("/items", "post", **LAMP)
    reached.ask("/items", "post", **LAMP, headers={"Idempotency-Key": "a b"})
    for path, method, more in (("/items", "post", {}), ("/items/{item_id}", "put", ITEM)):
        for body, media_type in (
            (b"{", "application/json"),
            (b"{}", "text/plain"),
            (b"{}", "application/json"),
            (b" " * (MAX_BODY + 1), "application/json"),
        ):
            reached.ask(path, method, **more, body=body, media_type=media_type)
    for method, more in (("get", {}), ("put", LAMP), ("delete", {})):
        reached.ask("/items/{item_id}", method, **more, path_parameters={"item_id": MAX_ID})
    reached.ask("/items/{item_id}", "put", **LAMP, **ITEM)
    reached.ask("/items/{item_id}", "delete", **ITEM)


def _ask_while_a_key_is_taken(reached: Reached, admin: Line) -> None:
    admin.run("BEGIN")
    admin.run("INSERT INTO idempotency_keys (key, request, item_id, answer) VALUES ('taken', 'x', 7, '{}')")
    reached.ask("/items", "post", **LAMP, headers={"Idempotency-Key": "taken"})
    admin.run("ROLLBACK")


def _ask_while_the_tables_are_locked(reached: Reached, admin: Line) -> None:
    """Each waits until its statement is given up; all permits are taken meanwhile, so the others are asked after."""
    at_once, after = OF_THE_DATABASE[:PERMITS], OF_THE_DATABASE[PERMITS:]
    assert len(at_once) == PERMITS, "too few operations wait for the database to take all permits"
    admin.run("BEGIN")
    admin.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    waiting = threading.Thread(target=reached.ask_at_once, args=(at_once,))
    waiting.start()
    until_locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while admin.run(until_locked) != [[PERMITS]]:
        assert waiting.is_alive(), "no request waits for the lock"
    reached.ask("/openapi.json", "get")
    waiting.join()
    for path, method, more in after:
        reached.ask(path, method, **more)
    admin.run("ROLLBACK")


def test_the_bounds_are_those_of_the_code() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    limit, after = (parameter["schema"] for parameter in DOCUMENT["paths"]["/items"]["get"]["parameters"])
    assert (schemas["Id"]["maximum"], after["maximum"]) == (MAX_ID, MAX_ID)
    assert (schemas["Name"]["maxLength"], schemas["Page"]["properties"]["items"]["maxItems"]) == (MAX_NAME, MAX_PAGE)
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, MAX_PAGE, PAGE)
    assert str(MAX_BODY) in DOCUMENT["components"]["responses"]["TooLarge"]["description"]


class Careless(Store):
    """Gives what is no item."""

    def find(self, item_id: int) -> bytes | None:
        return b'{"id": "%d"}' % item_id


def test_an_answer_that_is_not_as_documented_is_seen(database: Database) -> None:
    """The control of all above."""
    contract = contract_of(make_app(Careless(database), Instance.here("items", Lifecycle()), {}))
    with pytest.raises(FailureGroup, match="violates schema"):
        answered_as_documented(contract, "/items/{item_id}", "get", **ITEM)
