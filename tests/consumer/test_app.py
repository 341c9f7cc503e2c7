"""The consumer's HTTP interface, with the items service replaced at our own seam."""

import pytest

from consumer.app import make_app
from consumer.settings import Settings
from consumer.upstream import Call, Reply, Upstream, UpstreamLate, UpstreamUnavailable
from serving.lifecycle import Lifecycle
from serving.settings import SettingsError
from tests.wsgi_client import Answered, ask, ask_json

PROBLEM = "application/problem+json"


class TellingUpstream(Upstream):
    """Gives one reply, or raises one error, and keeps what it was asked."""

    def __init__(self, outcome: Reply | Exception, url: str = "http://items:5000") -> None:
        super().__init__(url)
        self.calls: list[Call] = []
        self._outcome = outcome

    def ask(self, call: Call) -> Reply:
        self.calls.append(call)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def through(upstream: TellingUpstream, method: str = "GET", path: str = "/items/7", **more: object) -> Answered:
    """Ask the consumer in front of this upstream."""
    return ask(make_app(upstream, Lifecycle(), pod="consumer-1"), method, path, **more)  # type: ignore[arg-type]


def replying(status: int, body: bytes = b"{}", **headers: str) -> TellingUpstream:
    """An upstream that replies."""
    return TellingUpstream(Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body))


def test_a_call_goes_on_with_its_id_body_and_type() -> None:
    upstream = replying(201, b'{"id": 7}', content_type="application/json", location="/items/7")
    app = make_app(upstream, Lifecycle(), pod="consumer-1")
    answered = ask_json(app, "POST", "/items", {"name": "a"}, headers={"X-Request-Id": "abc"})
    assert upstream.calls == [
        Call("POST", "/items", request_id="abc", body=b'{"name": "a"}', content_type="application/json")
    ]
    assert (answered.status, answered.json) == (201, {"id": 7})
    assert answered.headers["location"] == "/items/7"
    assert (answered.headers["x-request-id"], answered.headers["x-pod"]) == ("abc", "consumer-1")


def test_only_the_parameters_of_a_page_go_on() -> None:
    upstream = replying(200)
    through(upstream, path="/items", query="after=3&evil=1&limit=%26")
    assert upstream.calls[0].query == (("limit", "&"), ("after", "3"))


@pytest.mark.parametrize(
    ("item_id", "sent"), [("7", "7"), ("a b", "a%20b"), ("é?#%", "%C3%A9%3F%23%25"), ("a\r\nb", "a%0D%0Ab")]
)
def test_an_id_goes_on_as_one_piece_of_the_path(item_id: str, sent: str) -> None:
    upstream = replying(404)
    through(upstream, path=f"/items/{item_id}")
    assert upstream.calls[0].path == f"/items/{sent}"


@pytest.mark.parametrize("location", ["/items/7", "http://items:5000/items/7", "//elsewhere/items/7"])
def test_a_location_leads_to_this_service(location: str) -> None:
    assert through(replying(201, location=location), "POST", "/items").headers["location"] == "/items/7"


def test_a_location_loses_the_prefix_that_only_we_see() -> None:
    upstream = TellingUpstream(Reply(201, {"location": "/v1/items/7"}, b""), url="http://items:5000/v1")
    assert through(upstream, "POST", "/items").headers["location"] == "/items/7"


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
def test_what_items_says_of_the_callers_fault_is_passed_on_word_for_word(status: int) -> None:
    answered = through(replying(status, b'{"detail": "words"}', content_type=PROBLEM))
    assert (answered.status, answered.headers["content-type"]) == (status, PROBLEM)
    assert answered.body == b'{"detail": "words"}'


@pytest.mark.parametrize(
    ("outcome", "status", "retry_after"),
    [
        (UpstreamUnavailable("items cannot be reached"), 503, "1"),
        (UpstreamLate("items did not answer in time"), 504, None),
        (Reply(503, {"retry-after": "7"}, b"<html>"), 503, "7"),
        (Reply(503, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, b""), 503, "1"),
        (Reply(504, {}, b""), 504, None),
        (Reply(500, {}, b"Traceback"), 502, None),
        (Reply(302, {"location": "/x"}, b""), 502, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_is_not_the_callers_fault_is_a_problem_of_ours(
    outcome: Reply | Exception, status: int, retry_after: str | None, method: str
) -> None:
    answered = through(TellingUpstream(outcome), method, "/items" if method == "POST" else "/items/7")
    assert (answered.status, answered.headers["content-type"]) == (status, PROBLEM)
    assert answered.headers.get("retry-after") == retry_after
    assert answered.json["status"] == status


def test_a_delete_answered_404_after_an_attempt_that_broke_off_is_done() -> None:
    assert through(TellingUpstream(Reply(404, {}, b"", after_unsure=True)), "DELETE").status == 204
    assert through(replying(404), "DELETE").status == 404


def test_a_body_that_is_too_large_is_refused_here() -> None:
    upstream = replying(201)
    answered = through(upstream, "POST", "/items", body=b"x" * (1024 * 1024 + 1), content_type="application/json")
    assert (answered.status, upstream.calls) == (413, [])


def test_readiness_asks_nobody_and_ends_with_the_drain() -> None:
    upstream, lifecycle = TellingUpstream(UpstreamUnavailable("down")), Lifecycle()
    app = make_app(upstream, lifecycle, pod="consumer-1")
    readiness = {"X-Probe": "readiness"}
    assert ask(app, "GET", "/health", headers=readiness).status == 200
    lifecycle.drain()
    assert ask(app, "GET", "/health", headers=readiness).status == 503
    assert ask(app, "GET", "/health").status == 200
    assert upstream.calls == []


def test_the_seeds_variables_lead_to_items() -> None:
    assert Settings.from_env({}).items_url == "http://microservice-1:5000"
    assert Settings.from_env({"MICROSERVICE_1_HOST": "m", "MICROSERVICE_1_PORT": "1"}).items_url == "http://m:1"
    url = {"MICROSERVICE_1_URL": "http://u:2/", "MICROSERVICE_1_PORT": "tcp://10.0.0.1:5000"}
    assert Settings.from_env(url).items_url == "http://u:2"
    assert Settings.from_env({}).port == 5001


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="MICROSERVICE_1_URL must be a URL"):
        Settings.from_env({"MICROSERVICE_1_URL": ""})
    with pytest.raises(SettingsError, match="MICROSERVICE_1_PORT must be a port"):
        Settings.from_env({"MICROSERVICE_1_PORT": "many"})
