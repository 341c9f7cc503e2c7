"""The items resource, on a real database."""

import json
from typing import Any

import pytest

from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import Answered, ask, ask_json

PROBLEM = "application/problem+json"


def created(app: WsgiApp, name: str, **more: Any) -> dict[str, Any]:
    """Create an item and give it."""
    answered = ask_json(app, "POST", "/items", {"name": name, **more})
    assert answered.status == 201
    item: dict[str, Any] = answered.json
    return item


def refused(answered: Answered, status: int, detail: str) -> None:
    """Assert that the answer is a problem of this status, whose detail holds these words."""
    assert (answered.status, answered.headers["content-type"]) == (status, PROBLEM)
    assert answered.json["status"] == status
    assert detail in answered.json["detail"]


def test_a_new_item_is_answered_whole_with_its_place(app: WsgiApp) -> None:
    answered = ask_json(app, "POST", "/items", {"name": "lamp", "description": "green"})
    assert (answered.status, answered.headers["location"]) == (201, "/items/1")
    item = answered.json
    assert item.pop("created_at").endswith("Z")
    assert item == {"id": 1, "name": "lamp", "description": "green"}
    again = ask(app, "GET", answered.headers["location"])
    assert (again.status, again.json["name"]) == (200, "lamp")


def test_a_change_replaces_name_and_description_and_keeps_the_rest(app: WsgiApp) -> None:
    item = created(app, "lamp", description="green")
    answered = ask_json(app, "PUT", "/items/1", {"name": "desk lamp"})
    assert (answered.status, answered.json) == (200, {**item, "name": "desk lamp", "description": None})
    assert ask(app, "GET", "/items/1").json == answered.json


def test_what_was_read_can_be_sent_back(app: WsgiApp) -> None:
    item = created(app, "lamp")
    assert ask_json(app, "PUT", "/items/1", item).json == item


def test_a_deleted_item_is_gone(app: WsgiApp) -> None:
    created(app, "lamp")
    answered = ask(app, "DELETE", "/items/1")
    assert (answered.status, answered.body) == (204, b"")
    for method in ("GET", "DELETE"):
        refused(ask(app, method, "/items/1"), 404, "no item 1")
    refused(ask_json(app, "PUT", "/items/1", {"name": "x"}), 404, "no item 1")


def test_pages_follow_each_other_until_all_is_seen(app: WsgiApp) -> None:
    for number in range(5):
        created(app, f"n{number}")
    ask(app, "DELETE", "/items/3")
    seen, after, sizes = [], "0", []
    while after != "None":
        page = ask(app, "GET", "/items", query=f"limit=2&after={after}").json
        sizes.append(len(page["items"]))
        seen += [item["id"] for item in page["items"]]
        after = str(page["next"])
    assert (seen, sizes) == ([1, 2, 4, 5], [2, 2])


def test_an_empty_list_is_a_list(app: WsgiApp) -> None:
    assert ask(app, "GET", "/items").json == {"items": [], "next": None}
    created(app, "lamp")
    assert ask(app, "GET", "/items", query="after=2147483647").json == {"items": [], "next": None}


def test_a_head_has_no_body(app: WsgiApp) -> None:
    answered = ask(app, "HEAD", "/items")
    assert (answered.status, answered.body) == (200, b"")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "limit must be a number from 1 to 100"),
        ("limit=101", "limit must be"),
        ("limit=-1", "limit must be"),
        ("limit=1e1", "limit must be"),
        ("limit=%D9%A5", "limit must be"),
        ("after=2147483648", "after must be a number from 0 to 2147483647"),
        ("after=" + "9" * 5000, "after must be"),
        ("after=%00", "after must be"),
    ],
)
def test_a_page_out_of_bounds_is_refused(app: WsgiApp, query: str, detail: str) -> None:
    refused(ask(app, "GET", "/items", query=query), 400, detail)


@pytest.mark.parametrize("item_id", ["0", "-1", "2147483648", "9" * 5000, "abc", "1.0", "٣", "\0", "1 "])
def test_an_id_that_no_row_can_have_is_no_item(app: WsgiApp, item_id: str) -> None:
    refused(ask(app, "GET", f"/items/{item_id}"), 404, "no item")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b'{"name": "\xff"}', 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b'{"name": ' + b"9" * 5000 + b"}", 400, "not JSON"),
        (b'{"name": "a", "weight": NaN}', 400, "not JSON"),
        (b"null", 422, "a JSON object, not null"),
        (b"[]", 422, "not an array"),
        (b'"x"', 422, "not a string"),
        (b"true", 422, "not a boolean"),
        (b"NaN", 400, "not JSON"),
        (b"{}", 422, "name must be a string"),
        (b'{"name": 7}', 422, "name must be a string"),
        (b'{"name": ""}', 422, "name must be a string"),
        (b'{"name": " \\t"}', 422, "not blank"),
        (b'{"name": "a\\u0000"}', 422, "name must not hold NUL"),
        (b'{"name": "\\ud800"}', 422, "half a surrogate"),
        (b'{"name": "a", "description": 1}', 422, "description must be a string or null"),
        (b'{"name": "a", "description": "\\u0000"}', 422, "description must not hold NUL"),
        (b'{"name": "' + b"a" * 256 + b'"}', 422, "1 to 255 characters"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/items"), ("PUT", "/items/1")])
def test_a_body_that_is_no_item_is_refused(
    app: WsgiApp, method: str, path: str, body: bytes, status: int, detail: str
) -> None:
    answered = ask(app, method, path, body=body, content_type="application/json")
    refused(answered, status, detail)


@pytest.mark.parametrize("name", ["a" * 255, "\U0001f600" * 255, "'; DROP TABLE items; --", "\u202e\n", "e\u0301"])
def test_any_text_that_fits_comes_back_as_it_was(app: WsgiApp, name: str) -> None:
    assert created(app, name, description=name)["name"] == name
    assert ask(app, "GET", "/items/1").json["description"] == name


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused(app: WsgiApp, content_type: str | None) -> None:
    refused(ask(app, "POST", "/items", body=b'{"name": "a"}', content_type=content_type), 415, "application/json")


def test_a_type_may_name_its_charset(app: WsgiApp) -> None:
    answered = ask(app, "POST", "/items", body=b'{"name": "a"}', content_type="Application/JSON; charset=utf-8")
    assert answered.status == 201


def test_a_body_beyond_a_mebibyte_is_refused_and_one_below_is_kept(app: WsgiApp) -> None:
    large = json.dumps({"name": "a", "description": "x" * (1024 * 1024 - 40)}).encode()
    assert ask(app, "POST", "/items", body=large, content_type="application/json").status == 201
    refused(ask(app, "POST", "/items", body=large + b" " * 100, content_type="application/json"), 413, "1048576")


def test_health_answers_both_probes(app: WsgiApp) -> None:
    assert ask(app, "GET", "/health").json["status"] == "ok"
    ready = ask(app, "GET", "/health", headers={"X-Probe": "readiness"}).json
    assert (ready["status"], ready["checks"]["database"]["ok"]) == ("ok", True)


def test_the_metrics_count_exchanges_and_connections(app: WsgiApp) -> None:
    created(app, "lamp")
    for _ in range(3):
        ask(app, "GET", "/items/1")
    shown = ask(app, "GET", "/metrics").body.decode().splitlines()
    for line in (
        "database_exchanges_total 4.0",
        'database_connects_total{outcome="opened"} 1.0',
        'database_connects_total{outcome="failed"} 0.0',
        'database_connections{state="idle"} 1.0',
        'database_connections{state="in_use"} 0.0',
        "database_pool_waiters 0.0",
        "database_pool_refusals_total 0.0",
    ):
        assert line in shown
    assert any(line.startswith("http_request_duration_seconds_count{") and "<item_id>" in line for line in shown)
