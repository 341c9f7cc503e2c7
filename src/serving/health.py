"""
GET /health, one path for two questions; the header X-Probe says which one is asked.

/health/live and /health/ready ask the same of whoever cannot send a header.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bottle import Bottle, HTTPResponse, request

from serving.checker import Check, CheckState
from serving.lifecycle import Lifecycle
from serving.problem import problem


def add_health(
    app: Bottle,
    lifecycle: Lifecycle,
    checks: Mapping[str, Check],
    *,
    version: str,
    pod: str,
    grace: float = 0.0,
    shown: Mapping[str, Callable[[], dict[str, Any]]] | None = None,
) -> None:
    """
    Add /health: liveness without header, readiness with X-Probe: readiness.

    Readiness is 503 while draining, until each of `checks` has succeeded once, and when one has failed for longer
    than `grace` seconds. What `shown` gives stands in the body and decides nothing.
    """
    who = {"version": version, "pod": pod}
    beside = shown or {}

    def live() -> dict[str, Any]:
        # Says nothing of the database: a restart of this process cannot mend it. Nor of workers that are stuck: each
        # of their waits has a bound, so they come free sooner than a restart would free them.
        return {"status": "ok", **who}

    def ready() -> HTTPResponse:
        states = {name: check.state() for name, check in checks.items()}
        status, serves = _judged(lifecycle, states, grace)
        told = {name: _told(state) for name, state in states.items()} | {name: tell() for name, tell in beside.items()}
        return HTTPResponse({"status": status, "checks": told, **who}, 200 if serves else 503)

    def health() -> HTTPResponse | dict[str, Any]:
        # Not request.get_header: it raises on bytes that are not UTF-8.
        asked = request.environ.get("HTTP_X_PROBE", "liveness")
        if asked == "liveness":
            return live()
        return ready() if asked == "readiness" else problem(400, "X-Probe must be liveness or readiness")

    app.route("/health", "GET", health)
    app.route("/health/live", "GET", live)
    app.route("/health/ready", "GET", ready)


def _judged(lifecycle: Lifecycle, states: Mapping[str, CheckState], grace: float) -> tuple[str, bool]:
    """Give the word for the state, and whether the pod should get traffic."""
    if lifecycle.draining:
        return "draining", False
    if not all(state.seen for state in states.values()):
        return "starting", False
    failing = [state.failing_for for state in states.values() if not state.ok]
    return ("degraded", max(failing) < grace) if failing else ("ok", True)


def _told(state: CheckState) -> dict[str, Any]:
    return {
        "ok": state.ok,
        "age_s": round(state.age, 1),
        "latency_ms": round(state.latency * 1000, 1),
        "says": state.reason,
    }
