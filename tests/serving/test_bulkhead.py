"""However many handlers are stuck, probes and scrapes are answered, and who is refused is told so at once."""

import threading
from collections.abc import Iterator

import pytest
from bottle import Bottle

from serving.bulkhead import Bulkhead
from serving.metrics import Metrics, add_metrics
from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import ask


class Stuck:
    """Handlers that wait until they are let go, behind a bulkhead of two."""

    def __init__(self) -> None:
        self.let_go, self.inside = threading.Event(), threading.Semaphore(0)
        metrics, app = Metrics("test"), Bottle()
        app.catchall = False
        app.route("/stuck", "GET", self._stuck)
        app.route("/broken", "GET", lambda: 1 / 0)
        app.route("/health", "GET", lambda: {"status": "ok"})
        app.route("/streamed", "GET", self._streamed)
        add_metrics(app, metrics)
        self.app: WsgiApp = Bulkhead(2, metrics).around(app)
        self.threads = [threading.Thread(target=ask, args=(self.app, "GET", "/stuck")) for _ in range(2)]

    def _stuck(self) -> dict[str, bool]:
        self.inside.release()
        assert self.let_go.wait(5)
        return {"stuck": False}

    def _streamed(self) -> Iterator[bytes]:
        yield b"a" * 10
        yield b"b" * 10

    def permits_in_use(self) -> float:
        """As a scrape tells."""
        lines = ask(self.app, "GET", "/metrics").body.decode().splitlines()
        [value] = [line.split()[1] for line in lines if line.startswith("bulkhead_permits_in_use ")]
        return float(value)


@pytest.fixture
def full() -> Iterator[Stuck]:
    """A bulkhead whose permits are all held by handlers that wait."""
    stuck = Stuck()
    for thread in stuck.threads:
        thread.start()
    assert all(stuck.inside.acquire(timeout=5) for _ in stuck.threads)
    yield stuck
    stuck.let_go.set()
    for thread in stuck.threads:
        thread.join(5)


def test_without_a_free_permit_the_answer_is_503_at_once(full: Stuck) -> None:
    answered = ask(full.app, "GET", "/stuck")
    assert (answered.status, answered.headers["retry-after"]) == (503, "1")
    assert (answered.headers["content-type"], answered.json["status"]) == ("application/problem+json", 503)


def test_a_head_that_is_refused_has_no_body(full: Stuck) -> None:
    answered = ask(full.app, "HEAD", "/stuck")
    assert (answered.status, answered.body) == (503, b"")


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_probes_and_scrapes_need_no_permit(full: Stuck, path: str) -> None:
    assert ask(full.app, "GET", path).status == 200


def test_what_is_refused_and_what_is_held_is_counted(full: Stuck) -> None:
    ask(full.app, "GET", "/stuck")
    assert full.permits_in_use() == 2
    assert b"bulkhead_refused_total 1.0" in ask(full.app, "GET", "/metrics").body


def test_permits_come_back_also_from_handlers_that_break_or_stream() -> None:
    stuck = Stuck()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            ask(stuck.app, "GET", "/broken")
        assert ask(stuck.app, "GET", "/streamed").body == b"a" * 10 + b"b" * 10
    assert stuck.permits_in_use() == 0


def test_a_body_that_is_produced_as_it_is_sent_holds_its_permit_until_it_is_closed() -> None:
    stuck = Stuck()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/streamed"}
    body = stuck.app(environ, lambda *_: None)
    assert (list(body), stuck.permits_in_use()) == ([b"a" * 10, b"b" * 10], 1)
    body.close()  # type: ignore[attr-defined]
    assert stuck.permits_in_use() == 0
