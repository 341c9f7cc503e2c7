"""openapi.json and the service say the same: what is documented can be reached, what is answered is documented."""

import json
import threading
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import pytest

from consumer.call import Call, Ending, Reply, UpstreamFailed
from consumer.upstream import Upstream
from serving.bulkhead import PERMITS
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.consumer.telling_upstream import Outcome, TellingUpstream, app_before, replying
from tests.helpers.contract import RIGHT, WRONG, answered_as_documented, contract_of, fuzz, operations, statuses

DOCUMENT: dict[str, Any] = json.loads(files("consumer").joinpath("openapi.json").read_bytes())
OPERATIONS = operations(DOCUMENT)


# `app` is the consumer in front of the real items service.
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_right_request_is_answered_as_documented(app: WsgiApp, path: str, method: str) -> None:
    fuzz(contract_of(app), path, method, RIGHT)


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, method in OPERATIONS if path.startswith("/items") or path == "/health"],
)
def test_a_wrong_request_is_answered_as_documented(app: WsgiApp, path: str, method: str) -> None:
    fuzz(contract_of(app), path, method, WRONG)


ITEM = b'{"id": 7, "name": "lamp", "description": null, "created_at": "2026-01-01T00:00:00Z"}'
PAGE = b'{"items": [' + ITEM + b'], "next": null}'
SUMMARY = b'{"count": 1, "newest": ' + ITEM + b"}"
PROBLEM = b'{"type": "about:blank", "title": "T", "status": 400, "detail": "d"}'


@dataclass(frozen=True)
class Visit:
    """A request that reaches a documented status when items gives this outcome."""

    operation: tuple[str, str]
    status: int
    outcome: Outcome
    more: dict[str, Any] = field(default_factory=dict)


def visits() -> list[Visit]:
    """Every status that depends on items, of every operation."""
    fields = {"body": {"name": "lamp"}, "media_type": "application/json"}
    place = {"path_parameters": {"item_id": 7}}
    good: dict[tuple[str, str], tuple[int, bytes, dict[str, Any], tuple[int, ...]]] = {
        ("GET", "/items"): (200, PAGE, {}, (400,)),
        ("POST", "/items"): (201, ITEM, fields, (400, 409, 413, 415, 422)),
        ("GET", "/items/{item_id}"): (200, ITEM, place, (404,)),
        ("PUT", "/items/{item_id}"): (200, ITEM, {**place, **fields}, (400, 404, 413, 415, 422)),
        ("DELETE", "/items/{item_id}"): (204, b"", place, (404,)),
        ("GET", "/summary"): (200, SUMMARY, {}, ()),
    }
    failures = ((502, Ending.GARBLED), (503, Ending.UNREACHABLE), (504, Ending.LATE))
    made = []
    for operation, (status, body, more, refusals) in good.items():
        made.append(Visit(operation, status, replying(status, body, location="/items/7").outcome, more))
        for refused in refusals:
            reply = Reply(refused, {"content-type": "application/problem+json"}, PROBLEM)
            made.append(Visit(operation, refused, reply, more))
        made += [Visit(operation, ours, UpstreamFailed(ending, "words"), more) for ours, ending in failures]
    return made


VISITS = visits()


def asked(app: WsgiApp, visit: Visit) -> int:
    """Ask, hold the answer against the document, give its status."""
    method, path = visit.operation
    return answered_as_documented(contract_of(app), path, method, **visit.more)


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: f"{visit.operation[0]} {visit.operation[1]} {visit.status}")
def test_a_documented_status_is_reached(visit: Visit) -> None:
    """By what items answers or fails to."""
    assert asked(app_before(TellingUpstream(visit.outcome)), visit) == visit.status


OWN = [
    Visit(("GET", "/health"), 200, Reply(200, {}, b"")),
    Visit(("GET", "/health"), 400, Reply(200, {}, b""), {"headers": {"X-Probe": "curiosity"}}),
    Visit(("GET", "/health/live"), 200, Reply(200, {}, b"")),
    Visit(("GET", "/health/ready"), 200, Reply(200, {}, b"")),
    Visit(("GET", "/metrics"), 200, Reply(200, {}, b"")),
    Visit(("GET", "/openapi.json"), 200, Reply(200, {}, b"")),
]
DRAINING = [
    Visit(("GET", "/health"), 503, Reply(200, {}, b""), {"headers": {"X-Probe": "readiness"}}),
    Visit(("GET", "/health/ready"), 503, Reply(200, {}, b"")),
]
FULL = [Visit(("GET", "/openapi.json"), 503, Reply(200, {}, b""))]


@pytest.mark.parametrize("visit", OWN, ids=lambda visit: f"{visit.operation[1]} {visit.status}")
def test_a_documented_status_of_its_own_is_reached(visit: Visit) -> None:
    assert asked(app_before(TellingUpstream(visit.outcome)), visit) == visit.status


@pytest.mark.parametrize("visit", DRAINING, ids=lambda visit: visit.operation[1])
def test_a_documented_status_is_reached_while_draining(visit: Visit) -> None:
    lifecycle = Lifecycle()
    lifecycle.drain()
    assert asked(app_before(TellingUpstream(visit.outcome), lifecycle), visit) == visit.status


class Stuck(Upstream):
    """Answers once it is let."""

    def __init__(self) -> None:
        super().__init__("http://items:5000")
        self.held = threading.Semaphore(0)
        self.free = threading.Event()

    def ask(self, _call: Call) -> Reply:
        self.held.release()
        self.free.wait(10)
        return Reply(200, {"content-type": "application/json"}, PAGE)


@pytest.mark.parametrize("visit", FULL, ids=lambda visit: visit.operation[1])
def test_a_documented_status_is_reached_when_every_permit_is_taken(visit: Visit) -> None:
    upstream = Stuck()
    app = app_before(upstream)
    contract = contract_of(app)
    takers = [threading.Thread(target=contract["/items"]["GET"].Case().call) for _ in range(PERMITS)]
    for taker in takers:
        taker.start()
    for _ in takers:
        assert upstream.held.acquire(timeout=5)
    try:
        assert answered_as_documented(contract, visit.operation[1], "GET") == visit.status
    finally:
        upstream.free.set()
    for taker in takers:
        taker.join()


def test_no_documented_status_is_left_out_above() -> None:
    documented = {((method.upper(), path), status) for path, method, status in statuses(DOCUMENT)}
    assert {(visit.operation, visit.status) for visit in (*VISITS, *OWN, *DRAINING, *FULL)} == documented
