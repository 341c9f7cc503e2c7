"""The consumer's HTTP interface, with the items service replaced at our own seam."""

import pytest
from prometheus_client import CollectorRegistry

from consumer.breaker import Breaker
from consumer.call import Call, Ending, Reply, UpstreamFailed
from consumer.measures import Measures
from consumer.settings import Settings
from serving.lifecycle import Lifecycle
from serving.settings import SettingsError
from tests.consumer.telling_upstream import Outcome, TellingUpstream, app_before, replying, through
from tests.helpers.wsgi_client import ask, ask_json

PROBLEM = "application/problem+json"
JSON = "application/json"


def test_a_call_goes_on_with_its_id_body_type_and_key() -> None:
    upstream = replying(201, b'{"id": 7}', location="/items/7", idempotency_replayed="true")
    headers = {"X-Request-Id": "abc", "Idempotency-Key": "k-1"}
    answered = ask_json(app_before(upstream), "POST", "/items", {"name": "a"}, headers=headers)
    assert upstream.calls == [
        Call("POST", "/items", request_id="abc", body=b'{"name": "a"}', content_type=JSON, idempotency_key="k-1")
    ]
    assert (answered.status, answered.json) == (201, {"id": 7})
    assert (answered.headers["location"], answered.headers["idempotency-replayed"]) == ("/items/7", "true")
    assert (answered.headers["x-request-id"], answered.headers["x-pod"]) == ("abc", "consumer-1")


def test_a_post_without_a_key_gets_one_of_its_own() -> None:
    upstream = replying(201)
    app = app_before(upstream)
    for _ in range(2):
        ask_json(app, "POST", "/items", {"name": "a"})
    first, second = (call.idempotency_key for call in upstream.calls)
    assert None not in (first, second)
    assert first != second
    assert all(call.repeatable for call in upstream.calls)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "\x00", "x" * 256])
def test_a_key_that_is_none_is_refused_here(key: str) -> None:
    upstream = replying(201)
    answered = through(upstream, "POST", "/items", headers={"Idempotency-Key": key})
    assert (answered.status, answered.headers["content-type"], upstream.calls) == (400, PROBLEM, [])


@pytest.mark.parametrize("media_type", ["", "text/plain\r\nX-Evil: 1", "é"])
def test_a_type_that_no_header_may_hold_is_not_sent(media_type: str) -> None:
    upstream = replying(415)
    through(upstream, "POST", "/items", body=b"{}", content_type=media_type)
    assert upstream.calls[0].content_type is None


def test_only_the_parameters_of_a_page_go_on() -> None:
    upstream = replying(200)
    through(upstream, path="/items", query="after=3&evil=1&limit=%26")
    assert upstream.calls[0].query == (("limit", "&"), ("after", "3"))


@pytest.mark.parametrize(
    ("item_id", "sent"),
    [("7", "7"), ("a b", "a%20b"), ("é?#%", "%C3%A9%3F%23%25"), ("a\r\nb", "a%0D%0Ab"), ("..", "..")],
)
def test_an_id_goes_on_as_one_piece_of_the_path(item_id: str, sent: str) -> None:
    upstream = replying(404)
    through(upstream, path=f"/items/{item_id}")
    assert upstream.calls[0].path == f"/items/{sent}"


@pytest.mark.parametrize("location", ["/items/7", "http://items:5000/items/7", "//elsewhere/items/7"])
def test_a_location_leads_to_this_service(location: str) -> None:
    assert through(replying(201, location=location), "POST", "/items").headers["location"] == "/items/7"


def test_a_location_loses_the_prefix_that_only_we_see() -> None:
    reply = Reply(201, {"location": "/v1/items/7", "content-type": JSON}, b"{}")
    upstream = TellingUpstream(reply, url="http://items:5000/v1")
    assert through(upstream, "POST", "/items").headers["location"] == "/items/7"


def test_a_location_that_is_no_url_is_left_out() -> None:
    answered = through(replying(201, location="http://["), "POST", "/items")
    assert (answered.status, "location" in answered.headers) == (201, False)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_what_items_says_of_the_callers_fault_is_passed_on_word_for_word(status: int) -> None:
    answered = through(replying(status, b'{"detail": "words"}', content_type=PROBLEM))
    assert (answered.status, answered.headers["content-type"]) == (status, PROBLEM)
    assert answered.body == b'{"detail": "words"}'


@pytest.mark.parametrize(
    ("outcome", "status", "retry_after"),
    [
        (UpstreamFailed(Ending.UNREACHABLE, "items cannot be reached"), 503, "1"),
        (UpstreamFailed(Ending.BROKEN, "the connection to items broke"), 503, "1"),
        (UpstreamFailed(Ending.HELD_BACK, "items fails too often", retry_after=4), 503, "4"),
        (UpstreamFailed(Ending.LATE, "items did not answer in time"), 504, None),
        (UpstreamFailed(Ending.GARBLED, "items answered what is not HTTP"), 502, None),
        (UpstreamFailed(Ending.TOO_LARGE, "items answered more than 1 bytes"), 502, None),
        (Reply(503, {"retry-after": "7"}, b"<html>"), 503, "7"),
        (Reply(503, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, b""), 503, "1"),
        (Reply(504, {}, b""), 504, None),
        (Reply(409, {"content-type": PROBLEM}, b"{}", after_unsure=True), 504, None),
        (Reply(500, {}, b"Traceback"), 502, None),
        (Reply(302, {"location": "/x"}, b""), 502, None),
        (Reply(200, {"content-type": "text/html"}, b"<html>"), 502, None),
        (Reply(200, {}, b"{}"), 502, None),
        (Reply(200, {"content-type": JSON}, b""), 502, None),
        (Reply(200, {"content-type": JSON, "content-encoding": "gzip"}, b"{}"), 502, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_is_not_the_callers_fault_is_a_problem_of_ours(
    outcome: Outcome, status: int, retry_after: str | None, method: str
) -> None:
    answered = through(TellingUpstream(outcome), method, "/items" if method == "POST" else "/items/7")
    assert (answered.status, answered.headers["content-type"]) == (status, PROBLEM)
    assert answered.headers.get("retry-after") == retry_after
    assert answered.json["status"] == status


def test_a_refusal_by_somebody_on_the_way_is_a_problem_too() -> None:
    answered = through(replying(429, b"<html>slow down</html>", content_type="text/html", retry_after="3"))
    assert (answered.status, answered.headers["content-type"]) == (429, PROBLEM)
    assert (answered.headers["retry-after"], answered.json["detail"]) == ("3", "items refused it")


def test_a_delete_answered_404_after_an_attempt_that_broke_off_is_done() -> None:
    assert through(TellingUpstream(Reply(404, {}, b"", after_unsure=True)), "DELETE").status == 204
    assert through(replying(404), "DELETE").status == 404


def test_a_body_that_is_too_large_is_refused_here() -> None:
    upstream = replying(201)
    answered = through(upstream, "POST", "/items", body=b"x" * (1024 * 1024 + 1), content_type=JSON)
    assert (answered.status, upstream.calls) == (413, [])


def test_the_summary_is_that_of_items_and_says_who_gave_it() -> None:
    newest = {"id": 9, "name": "a", "description": None, "created_at": None}
    upstream = replying(200, b'{"count": 2, "newest": {"id": 9, "name": "a", "description": null, "created_at": null}}')
    upstream.outcome.headers["x-pod"] = "items-1"  # type: ignore[union-attr]
    answered = through(upstream, path="/summary")
    assert (answered.status, answered.json) == (200, {"count": 2, "newest": newest, "source": "items-1"})
    assert [(call.method, call.path) for call in upstream.calls] == [("GET", "/summary")]


@pytest.mark.parametrize(
    ("status", "body", "ours"),
    [(200, b"[]", 502), (200, b"{", 502), (200, b"[" * 100_000, 502), (404, b"{}", 502), (503, b"", 503)],
)
def test_a_summary_that_is_none_is_a_problem(status: int, body: bytes, ours: int) -> None:
    answered = through(replying(status, body), path="/summary")
    assert (answered.status, answered.headers["content-type"]) == (ours, PROBLEM)


def test_readiness_asks_nobody_and_ends_with_the_drain() -> None:
    upstream, lifecycle = TellingUpstream(UpstreamFailed(Ending.UNREACHABLE, "down")), Lifecycle()
    app = app_before(upstream, lifecycle)
    readiness = {"X-Probe": "readiness"}
    assert ask(app, "GET", "/health", headers=readiness).status == 200
    lifecycle.drain()
    assert ask(app, "GET", "/health", headers=readiness).status == 503
    assert ask(app, "GET", "/health").status == 200
    assert upstream.calls == []


def test_an_open_breaker_is_shown_and_the_pod_stays_ready() -> None:
    upstream = replying(200)
    app = app_before(upstream)
    for _ in range(10):
        upstream.breaker.record(False)
    answered = ask(app, "GET", "/health", headers={"X-Probe": "readiness"})
    assert (answered.status, answered.json["checks"]) == (200, {"items": {"breaker": "open"}})


def test_what_happens_between_here_and_items_is_counted() -> None:
    registry, breaker = CollectorRegistry(), Breaker()
    measures = Measures(registry, breaker)
    measures.attempted(Ending.LATE)
    measures.attempted(Ending.LATE)
    measures.retried()
    measures.out_of_budget()
    measures.held_back()
    assert registry.get_sample_value("upstream_attempts_total", {"ending": "late"}) == 2
    assert registry.get_sample_value("upstream_attempts_total", {"ending": "unreachable"}) == 0
    for name in ("upstream_retries", "upstream_retries_refused", "upstream_calls_held_back"):
        assert registry.get_sample_value(f"{name}_total") == 1
    for failures, state in ((0, "closed"), (10, "open")):
        for _ in range(failures):
            breaker.record(False)
        shown = {which: registry.get_sample_value("upstream_breaker", {"state": which}) for which in ("closed", "open")}
        assert shown == {"closed": float(state == "closed"), "open": float(state == "open")}


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
