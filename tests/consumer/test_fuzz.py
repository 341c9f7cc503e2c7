"""Whatever items sends, or is said to have sent, the consumer answers JSON and never says that it broke itself."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.breaker import Breaker, Rules
from consumer.call import Call, Ending, Reply, UpstreamFailed
from consumer.retrying import Patience
from consumer.upstream import Upstream
from tests.consumer.scripted_upstream import says, scripted_upstream
from tests.consumer.telling_upstream import Outcome, TellingUpstream, app_before
from tests.helpers.wsgi_client import ask

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
HASTY = Patience(connect=0.3, attempt=0.3, total=0.6, attempts=2, first_pause=0.001, longest_pause=0.001)

latin = st.text(alphabet=st.characters(max_codepoint=255), max_size=20)
json_types = st.sampled_from(["application/json", "application/problem+json", "application/json; charset=utf-8"])
headers = st.fixed_dictionaries(
    {},
    optional={
        "content-type": json_types | latin,
        "location": latin | st.sampled_from(["/items/7", "http://[", "//"]),
        "retry-after": latin | st.integers(-1, 10**12).map(str),
        "allow": latin,
        "idempotency-replayed": latin,
        "content-encoding": st.sampled_from(["identity", "gzip"]),
        "x-pod": latin,
    },
)
replies = st.builds(Reply, st.integers(100, 999), headers, st.just(b"{}") | st.just(b""), st.booleans())
failures = st.builds(UpstreamFailed, st.sampled_from(Ending), st.just("words"))
requests = st.sampled_from(
    [
        ("GET", "/items"),
        ("POST", "/items"),
        ("GET", "/items/7"),
        ("HEAD", "/items/7"),
        ("PUT", "/items/7"),
        ("DELETE", "/items/7"),
        ("GET", "/summary"),
    ]
)


@pytest.fixture(scope="module")
def upstream() -> TellingUpstream:
    """One whose outcome each example sets."""
    return TellingUpstream(Reply(200, {}, b""))


@pytest.fixture(scope="module")
def app(upstream: TellingUpstream) -> Any:
    """The consumer in front of it."""
    return app_before(upstream)


@settings(FUZZ, max_examples=150)
@given(outcome=replies | failures, asked=requests)
def test_any_outcome_becomes_json_with_a_true_status(
    upstream: TellingUpstream, app: Any, outcome: Outcome, asked: tuple[str, str]
) -> None:
    upstream.outcome = outcome
    answered = ask(app, *asked)
    assert 200 <= answered.status < 300 or 400 <= answered.status < 500 or answered.status in (502, 503, 504)
    if answered.status == 204 or asked[0] == "HEAD":
        assert answered.body == b""
    else:
        assert answered.headers["content-type"].startswith(("application/json", "application/problem+json"))
        assert answered.json is not None


# Nearly HTTP: a response cut, repeated, and with noise in it.
pieces = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 503 X\r\n",
        b"HTTP/1.1 204 No\r\n",
        b"Content-Length: 2\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Type: application/json\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Location: http://[\r\n",
        b"Retry-After: 0\r\n",
        b" folded\r\n",
        b"\r\n",
        b"{}",
        b"2\r\n{}\r\n",
        b"0\r\n\r\n",
        b"ffffffffff\r\n",
        b"X" * 70_000,
    ]
)


@settings(FUZZ, max_examples=60)
@given(words=st.lists(pieces | st.binary(max_size=6), max_size=9).map(b"".join))
def test_any_bytes_are_a_reply_or_a_failure_that_has_a_name(words: bytes) -> None:
    with scripted_upstream(says(words)) as server:
        upstream = Upstream(server.url, HASTY, breaker=Breaker(Rules(least=10_000)))
        outcome = outcome_of(upstream, Call("GET", "/items/7", request_id="abc"))
    assert isinstance(outcome, Reply) or outcome.ending in (Ending.BROKEN, Ending.GARBLED, Ending.LATE)
    assert ask(app_before(TellingUpstream(outcome)), "GET", "/items/7").status != 500


def outcome_of(upstream: Upstream, call: Call) -> Outcome:
    """Ask, and give the reply or the failure; anything else is the test's to fail with."""
    try:
        return upstream.ask(call)
    except UpstreamFailed as failed:
        return failed
