"""One path, two questions: may this process live, and should it get traffic."""

import pytest
from bottle import Bottle

from serving.checker import CheckState
from serving.health import add_health
from serving.lifecycle import Lifecycle
from serving.problem import speak_problems
from tests.wsgi_client import Answered, ask

GOOD = CheckState(seen=True, ok=True, age=0.2, latency=0.001, says="")
NEVER = CheckState(seen=False, ok=False, age=3.0, latency=1.0, says="refused")
FAILED = CheckState(seen=True, ok=False, age=0.1, latency=1.0, says="refused")


class Told:
    """A check that was told its state, and counts who asked."""

    def __init__(self, state: CheckState) -> None:
        self.asked = 0
        self._state = state

    def state(self) -> CheckState:
        self.asked += 1
        return self._state


def health(state: CheckState, probe: str | None, *, draining: bool = False) -> tuple[Answered, Told]:
    """Ask /health as a probe does."""
    lifecycle, check, app = Lifecycle(), Told(state), Bottle()
    speak_problems(app)
    add_health(app, lifecycle, {"database": check})
    if draining:
        lifecycle.drain()
    return ask(app, "GET", "/health", headers={"X-Probe": probe} if probe else {}), check


@pytest.mark.parametrize("state", [GOOD, NEVER, FAILED])
@pytest.mark.parametrize("probe", [None, "liveness"])
@pytest.mark.parametrize("draining", [False, True])
def test_liveness_never_looks_at_the_database(state: CheckState, probe: str | None, draining: bool) -> None:
    answered, check = health(state, probe, draining=draining)
    assert (answered.status, check.asked) == (200, 0)


@pytest.mark.parametrize(
    ("state", "draining", "status", "word"),
    [
        (GOOD, False, 200, "ready"),
        (NEVER, False, 503, "starting"),
        (FAILED, False, 503, "failing"),
        (GOOD, True, 503, "draining"),
        (FAILED, True, 503, "draining"),
    ],
)
def test_readiness_follows_the_database_and_the_lifecycle(
    state: CheckState, draining: bool, status: int, word: str
) -> None:
    answered, _ = health(state, "readiness", draining=draining)
    assert (answered.status, answered.json["status"]) == (status, word)
    assert answered.json["checks"]["database"] == {
        "ok": state.ok,
        "age_s": state.age,
        "latency_ms": state.latency * 1000,
        "says": state.says,
    }


def test_an_unknown_probe_is_told_so_instead_of_being_called_alive() -> None:
    answered, _ = health(GOOD, "Readyness")
    assert (answered.status, answered.headers["content-type"]) == (400, "application/problem+json")
