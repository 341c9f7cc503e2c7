"""A service with room for few clients, as a program: narrow_house.py PORT DEAF."""

import sys

from bottle import Bottle

from serving import server
from serving.lifecycle import Lifecycle, drain_on_signals
from serving.metrics import Metrics, add_metrics

HOUSE = 20  # connections, where a service has a thousand
LARGE = 6_000_000  # bytes: more than the kernel takes of an answer that nobody reads


def main(port: int, deaf: float) -> None:
    """Answer much, and little to a probe; hang up on who takes nothing for `deaf` seconds."""
    server.CONNECTIONS, server.ROOM, server.DEAF = HOUSE, 4, deaf
    lifecycle, metrics, app = Lifecycle(), Metrics("under-test"), Bottle()
    drain_on_signals(lifecycle)
    add_metrics(app, metrics)
    app.route("/health", "GET", lambda: "ok")
    app.route("/large", "GET", lambda: b"x" * LARGE)
    drain = server.Drain(linger=0.0, in_flight=0.1)
    server.serve(app, port=port, host="127.0.0.1", lifecycle=lifecycle, drain=drain, metrics=metrics)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
