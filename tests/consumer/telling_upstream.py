"""An upstream replaced at our own seam: it gives one outcome and keeps what it was asked."""

from dataclasses import replace
from typing import Any

from consumer.app import make_app
from consumer.call import Call, Reply, UpstreamFailed
from consumer.upstream import Upstream
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import Answered, ask

Outcome = Reply | UpstreamFailed


class TellingUpstream(Upstream):
    """Gives one reply, or raises one failure."""

    def __init__(self, outcome: Outcome, url: str = "http://items:5000") -> None:
        super().__init__(url)
        self.calls: list[Call] = []
        self.outcome = outcome

    def ask(self, call: Call) -> Reply:
        self.calls.append(call)
        if isinstance(self.outcome, UpstreamFailed):
            raise self.outcome
        return self.outcome


def replying(status: int, body: bytes = b"{}", **headers: str) -> TellingUpstream:
    """An upstream that replies, with JSON unless `content_type` says something else."""
    given = {"content_type": "application/json", **headers}
    return TellingUpstream(Reply(status, {name.replace("_", "-"): value for name, value in given.items()}, body))


def app_before(upstream: Upstream, lifecycle: Lifecycle | None = None) -> WsgiApp:
    """The consumer's app as the pod consumer-1, in front of this upstream."""
    return make_app(upstream, replace(Instance.here("consumer", lifecycle or Lifecycle()), pod="consumer-1"))


def through(upstream: Upstream, method: str = "GET", path: str = "/items/7", **more: Any) -> Answered:
    """Ask the consumer in front of this upstream."""
    return ask(app_before(upstream), method, path, **more)
