"""The consumer in front of the real items service, on a real database: the journey a user makes."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waitress.server import create_server

import consumer.app
import items.app
from consumer.upstream import Upstream
from items.database_check import DatabaseCheck
from items.settings import Settings
from items.store import Store
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.postgres_child import PostgresChild
from tests.service_child import ROOT, service_child
from tests.wsgi_client import ask, ask_json


@pytest.fixture(scope="module")
def app(postgres: PostgresChild) -> Iterator[WsgiApp]:
    """The consumer in this process; items behind it on a socket of this process."""
    database = Settings.from_env(postgres.env).database
    check = DatabaseCheck(database)
    check.attempt()
    check.close()
    store = Store(database)
    server = create_server(
        items.app.make_app(store, Lifecycle(), {}, pod="items-1"), host="127.0.0.1", port=0, threads=4
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield consumer.app.make_app(Upstream(f"http://127.0.0.1:{server.effective_port}"), Lifecycle(), pod="consumer-1")
    server.task_dispatcher.shutdown()
    server.close()
    store.close()


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


@pytest.mark.parametrize(
    ("query", "body", "content_type", "status"),
    [
        ("", b"{", "application/json", 400),
        ("", b"{}", "application/json", 422),
        ("", b"{}", "text/plain", 415),
        ("", b"", None, 415),
    ],
)
def test_a_refusal_of_items_reaches_the_caller(
    app: WsgiApp, query: str, body: bytes, content_type: str | None, status: int
) -> None:
    answered = ask(app, "POST", "/items", query=query, body=body, content_type=content_type)
    assert (answered.status, answered.json["status"]) == (status, status)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    tail=st.text(alphabet=st.characters(), max_size=30),
    query=st.text(alphabet=st.characters(max_codepoint=255), max_size=30),
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    body=st.binary(max_size=50),
)
def test_whatever_is_sent_through_nothing_breaks(app: WsgiApp, tail: str, query: str, method: str, body: bytes) -> None:
    answers = [
        ask(app, method, f"/items/{tail}", query=query, body=body, content_type="application/json"),
        ask(app, "GET", "/items", query=f"limit={query}&after={query}"),
    ]
    for answered in answers:
        assert answered.status < 500, answered


def test_the_process_answers_503_while_items_is_away_and_is_ready_all_the_same(tmp_path: Path) -> None:
    env = {"MICROSERVICE_1_URL": "http://127.0.0.1:9"}
    with service_child("-m", "consumer", log=tmp_path / "log", env=env) as child:
        assert child.get("/health", {"X-Probe": "readiness"})[0] == 200
        status, body = child.get("/items")
        assert (status, b"cannot be reached" in body) == (503, True)


def test_a_wrong_variable_is_one_sentence_and_exit_2() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "MICROSERVICE_1_URL": "items"}
    done = subprocess.run([sys.executable, "-m", "consumer"], env=env, capture_output=True, text=True, timeout=10)
    sentence = "consumer: MICROSERVICE_1_URL must be a URL like http://host:port, not 'items'\n"
    assert (done.returncode, done.stderr) == (2, sentence)
