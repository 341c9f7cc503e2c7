"""The consumer in front of the real items service, on a real database: the journey a user makes."""

import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.upstream import Upstream
from serving.middleware import WsgiApp
from tests.consumer.scripted_upstream import losing_the_first_answer
from tests.consumer.telling_upstream import app_before
from tests.helpers.wsgi_client import ask, ask_json

POD = socket.gethostname()  # the items service is a child on this machine


def test_an_item_is_created_read_changed_listed_and_deleted_through_the_consumer(app: WsgiApp) -> None:
    created = ask_json(app, "POST", "/items", {"name": "lamp"}, headers={"X-Request-Id": "journey"})
    place = created.headers["location"]
    assert (created.status, place) == (201, f"/items/{created.json['id']}")
    assert created.headers["x-request-id"] == "journey"
    assert ask(app, "GET", place).json == created.json
    changed = ask_json(app, "PUT", place, {"name": "desk lamp", "description": "grün"})
    assert (changed.status, changed.json["description"]) == (200, "grün")
    listed = ask(app, "GET", "/items", query=f"limit=1&after={created.json['id'] - 1}").json
    assert listed["items"] == [changed.json]
    assert ask(app, "DELETE", place).status == 204
    missing = ask(app, "GET", place)
    assert (missing.status, missing.headers["content-type"]) == (404, "application/problem+json")
    assert missing.json["detail"] == f"no item {created.json['id']}"


def test_the_summary_counts_and_shows_the_newest(app: WsgiApp) -> None:
    before = ask(app, "GET", "/summary").json["count"]
    created = ask_json(app, "POST", "/items", {"name": "lamp"}).json
    summary = ask(app, "GET", "/summary")
    assert (summary.status, summary.json) == (200, {"count": before + 1, "newest": created, "source": POD})
    ask(app, "DELETE", f"/items/{created['id']}")


def test_a_key_of_the_callers_is_good_for_one_item(app: WsgiApp) -> None:
    headers = {"Idempotency-Key": "of the caller's".replace(" ", "-")}
    first, again = (ask_json(app, "POST", "/items", {"name": "lamp"}, headers=headers) for _ in range(2))
    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert ask_json(app, "POST", "/items", {"name": "another"}, headers=headers).status == 422


def test_a_create_whose_answer_was_lost_is_repeated_and_creates_one_item(items_url: str) -> None:
    with losing_the_first_answer(items_url) as url:
        app = app_before(Upstream(url))
        before = ask(app_before(Upstream(items_url)), "GET", "/summary").json["count"]
        created = ask_json(app, "POST", "/items", {"name": "lamp"})
        assert (created.status, created.headers["idempotency-replayed"]) == (201, "true")
        summary = ask(app, "GET", "/summary").json
    assert (summary["count"], summary["newest"]) == (before + 1, created.json)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [(b"{", "application/json", 400), (b"{}", "application/json", 422), (b"{}", "text/plain", 415), (b"", None, 415)],
)
def test_a_refusal_of_items_reaches_the_caller(
    app: WsgiApp, body: bytes, content_type: str | None, status: int
) -> None:
    answered = ask(app, "POST", "/items", body=body, content_type=content_type)
    assert (answered.status, answered.json["status"]) == (status, status)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    tail=st.text(alphabet=st.characters(), max_size=30),
    query=st.text(alphabet=st.characters(max_codepoint=255), max_size=30),
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    body=st.binary(max_size=50),
    header=st.text(alphabet=st.characters(max_codepoint=255), max_size=30),
)
def test_whatever_is_sent_through_nothing_breaks(
    app: WsgiApp, tail: str, query: str, method: str, body: bytes, header: str
) -> None:
    answers = [
        ask(app, method, f"/items/{tail}", query=query, body=body, content_type="application/json"),
        ask(app, "GET", "/items", query=f"limit={query}&after={query}"),
        ask(app, "POST", "/items", body=body, content_type=header, headers={"Idempotency-Key": header}),
    ]
    for answered in answers:
        assert answered.status < 500, answered
        assert answered.status == 204 or json.loads(answered.body) is not None
