"""One path, two questions: may this process live, and should it get traffic."""

import pytest
from bottle import Bottle

from serving.checker import CheckState
from serving.health import add_health
from serving.lifecycle import Lifecycle
from serving.problem import speak_problems
from tests.helpers.wsgi_client import Answered, ask

GOOD = CheckState(seen=True, ok=True, age=0.2, latency=0.001, reason="")
NEVER = CheckState(seen=False, ok=False, age=3.0, latency=1.0, reason="refused", failing_for=3.0)
FAILED = CheckState(seen=True, ok=False, age=0.1, latency=1.0, reason="refused", failing_for=12.0)


class Told:
    """A check that was told its state, and counts who asked."""

    def __init__(self, state: CheckState) -> None:
        self.asked = 0
        self._state = state

    def state(self) -> CheckState:
        self.asked += 1
        return self._state


def health(
    state: CheckState, probe: str | None, *, draining: bool = False, grace: float = 0.0, path: str = "/health"
) -> tuple[Answered, Told]:
    """Ask /health as a probe does."""
    lifecycle, check, app = Lifecycle(), Told(state), Bottle()
    speak_problems(app)
    add_health(
        app,
        lifecycle,
        {"database": check},
        version="1.2",
        pod="pod-7",
        grace=grace,
        shown={"items": lambda: {"breaker": "open"}},
    )
    if draining:
        lifecycle.drain()
    return ask(app, "GET", path, headers={"X-Probe": probe} if probe else {}), check


@pytest.mark.parametrize("state", [GOOD, NEVER, FAILED])
@pytest.mark.parametrize(("path", "probe"), [("/health", None), ("/health", "liveness"), ("/health/live", None)])
@pytest.mark.parametrize("draining", [False, True])
def test_liveness_never_looks_at_the_database(state: CheckState, path: str, probe: str | None, draining: bool) -> None:
    answered, check = health(state, probe, draining=draining, path=path)
    assert (answered.status, check.asked) == (200, 0)
    assert answered.json == {"status": "ok", "version": "1.2", "pod": "pod-7"}


@pytest.mark.parametrize(("path", "probe"), [("/health", "readiness"), ("/health/ready", None)])
@pytest.mark.parametrize(
    ("state", "draining", "status", "word"),
    [
        (GOOD, False, 200, "ok"),
        (NEVER, False, 503, "starting"),
        (FAILED, False, 503, "degraded"),
        (GOOD, True, 503, "draining"),
        (FAILED, True, 503, "draining"),
    ],
)
def test_readiness_follows_the_database_and_the_lifecycle(
    state: CheckState, draining: bool, status: int, word: str, path: str, probe: str | None
) -> None:
    answered, _ = health(state, probe, draining=draining, path=path)
    assert (answered.status, answered.json["status"]) == (status, word)
    assert answered.json["checks"]["database"] == {
        "ok": state.ok,
        "age_s": state.age,
        "latency_ms": state.latency * 1000,
        "says": state.reason,
    }


@pytest.mark.parametrize(("grace", "status"), [(12.1, 200), (12.0, 503), (0.0, 503)])
def test_an_outage_shorter_than_the_grace_is_told_and_does_not_empty_the_service(grace: float, status: int) -> None:
    answered, _ = health(FAILED, "readiness", grace=grace)
    assert (answered.status, answered.json["status"]) == (status, "degraded")


def test_the_grace_is_not_for_a_pod_that_never_saw_its_database() -> None:
    answered, _ = health(NEVER, "readiness", grace=60)
    assert (answered.status, answered.json["status"]) == (503, "starting")


def test_what_is_only_shown_decides_nothing() -> None:
    answered, _ = health(GOOD, "readiness")
    assert (answered.status, answered.json["checks"]["items"]) == (200, {"breaker": "open"})


def test_an_unknown_probe_is_told_so_instead_of_being_called_alive() -> None:
    answered, _ = health(GOOD, "Readyness")
    assert (answered.status, answered.headers["content-type"]) == (400, "application/problem+json")
