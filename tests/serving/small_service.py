"""A small service under test, as a program: small_service.py PORT LINGER IN_FLIGHT."""

import sys
import time

from bottle import Bottle, HTTPResponse

from serving.body import read_body
from serving.bulkhead import PERMITS, Bulkhead
from serving.health import add_health
from serving.lifecycle import Lifecycle, drain_on_signals
from serving.log import start_log
from serving.metrics import Metrics, add_metrics
from serving.middleware import observed
from serving.problem import speak_problems
from serving.server import Drain, serve
from serving.settings import Mode


def main(port: int, linger: float, in_flight: float) -> None:
    """Serve a few routes until told to stop; say so once everything is let go."""
    lifecycle, app = Lifecycle(), Bottle()
    drain_on_signals(lifecycle)
    speak_problems(app)

    def slow(seconds: str) -> dict[str, str]:
        time.sleep(float(seconds))
        return {"slept": seconds}

    app.route("/fast", "GET", lambda: {"fast": True})
    app.route("/slow/<seconds>", "GET", slow)
    app.route("/empty", "DELETE", lambda: HTTPResponse(status=204))
    app.route("/length", "POST", lambda: {"bytes": len(read_body())})
    app.route("/large", "GET", lambda: b"x" * 8_000_000)
    metrics = Metrics("under-test")
    add_metrics(app, metrics)
    add_health(app, lifecycle, {}, version="1", pod="under-test")
    start_log(Mode.PRODUCTION)
    serve(
        observed(Bulkhead(PERMITS, metrics).around(app), pod="under-test", metrics=metrics),
        host="127.0.0.1",
        port=port,
        lifecycle=lifecycle,
        metrics=metrics,
        drain=Drain(linger=linger, in_flight=in_flight),
    )
    print("let go", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
