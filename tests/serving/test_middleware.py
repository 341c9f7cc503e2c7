"""Every response carries its request's id and the pod's name, and each one is a line of the log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from bottle import Bottle

from serving.log import start_log
from serving.metrics import Metrics
from serving.middleware import WsgiApp, observed
from serving.problem import problem, speak_problems
from serving.settings import Mode
from tests.helpers.wsgi_client import ask


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of this process as text, in JSON lines."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    start_log(Mode.PRODUCTION, stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def app() -> WsgiApp:
    """Answers, refuses and breaks."""
    bottle = Bottle()
    speak_problems(bottle)
    bottle.route("/good", "GET", lambda: {"good": True})
    bottle.route("/gone", "GET", lambda: problem(410, "it is gone"))
    bottle.route("/broken", "GET", lambda: 1 / 0)
    bottle.route("/unserialisable", "GET", lambda: {"it": object()})
    bottle.route("/health", "GET", lambda: {"status": "alive"})
    return observed(bottle, pod="pod-7", metrics=Metrics("test"))


def test_an_id_given_is_kept_and_the_pod_is_named(app: WsgiApp) -> None:
    answered = ask(app, "GET", "/good", headers={"X-Request-Id": "abc-123"})
    assert (answered.headers["x-request-id"], answered.headers["x-pod"]) == ("abc-123", "pod-7")


@pytest.mark.parametrize("given", ["", "a b", 'a","level":"x', "x" * 129, "\xe9"])
def test_an_id_unfit_for_the_log_is_replaced(app: WsgiApp, given: str) -> None:
    answered = ask(app, "GET", "/good", headers={"X-Request-Id": given})
    assert len(answered.headers["x-request-id"]) == 32


def test_one_line_says_who_asked_what_and_how_it_went(app: WsgiApp, log: io.StringIO) -> None:
    ask(app, "GET", "/gone", headers={"X-Request-Id": "abc"})
    [line] = [json.loads(text) for text in log.getvalue().splitlines()]
    assert 0 <= line.pop("ms") < 1000
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "access",
        "message": "GET /gone 410",
        "request_id": "abc",
        "method": "GET",
        "path": "/gone",
        "status": 410,
    }


def test_a_good_probe_is_not_a_line(app: WsgiApp, log: io.StringIO) -> None:
    ask(app, "GET", "/health")
    assert log.getvalue() == ""


@pytest.mark.parametrize("path", ["/broken", "/unserialisable"])
def test_a_broken_handler_is_a_500_that_leads_to_its_traceback(app: WsgiApp, log: io.StringIO, path: str) -> None:
    answered = ask(app, "GET", path, headers={"X-Request-Id": "abc"})
    assert (answered.status, answered.headers["content-type"]) == (500, "application/problem+json")
    assert "abc" in answered.json["detail"]
    assert "Traceback" not in answered.body.decode()
    lines = [json.loads(text) for text in log.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == ["abc", "abc"]
    assert "Traceback" in lines[0]["exception"]
    assert lines[1]["status"] == 500


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PATCH", "/good", 405)])
def test_what_bottle_refuses_is_a_problem(app: WsgiApp, method: str, path: str, status: int) -> None:
    answered = ask(app, method, path)
    assert (answered.status, answered.headers["content-type"]) == (status, "application/problem+json")
    assert (answered.json["status"], answered.json["type"]) == (status, "about:blank")


def test_a_wrong_method_is_told_the_right_ones(app: WsgiApp) -> None:
    assert ask(app, "PATCH", "/good").headers["allow"] == "GET"


def test_development_writes_for_a_person(app: WsgiApp) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    start_log(Mode.DEVELOPMENT, stream)
    ask(app, "GET", "/good")
    root.handlers[:] = before
    root.setLevel(level)
    assert "INFO    GET /good 200 request_id=" in stream.getvalue()
