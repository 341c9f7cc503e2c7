"""Calls, bounds short enough for a test, and a memory of what happened."""

import time
from dataclasses import replace

import pytest

from consumer.call import Call, Ending, UpstreamFailed
from consumer.retrying import Patience
from consumer.upstream import CallObserver, Upstream
from tests.consumer.scripted_upstream import answers

QUICK = Patience(connect=0.3, attempt=0.3, total=1.0, attempts=3, first_pause=0.01, longest_pause=0.05)
GET = Call("GET", "/items/7", request_id="abc")
POST = Call("POST", "/items", request_id="abc", body=b"{}", content_type="application/json")
KEYED = replace(POST, idempotency_key="k-1")
DELETE = Call("DELETE", "/items/7", request_id="abc")
DOWN = answers("503 Service Unavailable")
IN_PROGRESS = answers("409 Conflict")
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"  # of an answer that is not there yet
SPARE = 0.6  # seconds a busy machine may need on top of a bound


class Remembering(CallObserver):
    """Keeps what happened."""

    def __init__(self) -> None:
        self.endings: list[Ending] = []
        self.retries = 0
        self.refusals = 0
        self.holds = 0

    def attempted(self, ending: Ending) -> None:
        self.endings.append(ending)

    def retried(self) -> None:
        self.retries += 1

    def out_of_budget(self) -> None:
        self.refusals += 1

    def held_back(self) -> None:
        self.holds += 1


def failure(upstream: Upstream, call: Call = GET) -> tuple[Ending, str, float]:
    """Ask, and give how it failed and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(UpstreamFailed) as caught:
        upstream.ask(call)
    return caught.value.ending, str(caught.value), time.monotonic() - began
