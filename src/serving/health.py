"""GET /health, one path for two questions; the header X-Probe says which one is asked."""

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
    """Add /health: liveness without header, readiness (which looks at `checks`) with X-Probe: readiness."""

    def health() -> HTTPResponse | dict[str, Any]:
        # Not request.get_header: it raises on bytes that are not UTF-8.
        asked = request.environ.get("HTTP_X_PROBE", "liveness")
        if asked == "liveness":
            # Says nothing of the database: a restart of this process cannot mend it.
            return {"status": "alive"}
        if asked != "readiness":
            return problem(400, "X-Probe must be liveness or readiness")
        return _readiness(lifecycle, {name: check.state() for name, check in checks.items()})

    app.route("/health", "GET", health)


def _readiness(lifecycle: Lifecycle, states: Mapping[str, CheckState]) -> HTTPResponse:
    status = _status(lifecycle, states)
    body = {"status": status, "checks": {name: _shown(state) for name, state in states.items()}}
    return HTTPResponse(body, 200 if status == "ready" else 503)


def _status(lifecycle: Lifecycle, states: Mapping[str, CheckState]) -> str:
    if lifecycle.draining:
        return "draining"
    if not all(state.seen for state in states.values()):
        return "starting"
    return "ready" if all(state.ok for state in states.values()) else "failing"


def _shown(state: CheckState) -> dict[str, Any]:
    return {
        "ok": state.ok,
        "age_s": round(state.age, 1),
        "latency_ms": round(state.latency * 1000, 1),
        "says": state.says,
    }
