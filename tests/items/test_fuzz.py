"""Whatever is sent, the answer is JSON and never says that the service broke."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import Answered, ask, ask_json

FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
texts = st.text(alphabet=st.characters(), max_size=300)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.fixed_dictionaries({}, optional={"name": values | texts, "description": values | texts, "id": values})


def sound(answered: Answered) -> None:
    """Assert that the answer is one that the service means."""
    assert answered.status < 500, answered
    if answered.status != 204:
        assert answered.headers["content-type"] in ("application/json", "application/problem+json")
        assert answered.json is not None


@FUZZ
@given(body=st.binary(max_size=300), content_type=st.sampled_from(["application/json", "text/plain", ";", "é"]))
def test_any_bytes(app: WsgiApp, body: bytes, content_type: str) -> None:
    sound(ask(app, "POST", "/items", body=body, content_type=content_type))


@FUZZ
@given(value=values | objects, method=st.sampled_from([("POST", "/items"), ("PUT", "/items/1")]))
def test_any_json(app: WsgiApp, value: Any, method: tuple[str, str]) -> None:
    sound(ask_json(app, *method, value))


@FUZZ
@given(value=objects)
def test_what_is_accepted_is_what_is_read(app: WsgiApp, value: dict[str, Any]) -> None:
    answered = ask_json(app, "POST", "/items", value)
    if answered.status == 201:
        read = ask(app, "GET", answered.headers["location"]).json
        assert (read["name"], read["description"]) == (value["name"], value.get("description"))


@FUZZ
@given(
    tail=st.text(alphabet=st.characters(), max_size=40),
    method=st.sampled_from(["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]),
)
def test_any_path(app: WsgiApp, tail: str, method: str) -> None:
    answered = ask(app, method, f"/items/{tail}")
    assert answered.status < 500
    if method != "HEAD":
        sound(answered)


@FUZZ
@given(query=st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_any_query(app: WsgiApp, query: str) -> None:
    sound(ask(app, "GET", "/items", query=query))
    sound(ask(app, "GET", "/items", query=f"limit={query}"))


@FUZZ
@given(request_id=st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_any_request_id(app: WsgiApp, request_id: str) -> None:
    answered = ask(app, "GET", "/health", headers={"X-Request-Id": request_id, "X-Probe": request_id})
    assert answered.status in (200, 400)
    assert json.dumps(answered.headers["x-request-id"]).isascii()
