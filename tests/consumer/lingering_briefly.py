"""The consumer as its own program starts it, with a linger short enough for a test of its drain."""

import os

from consumer.__main__ import build, settings_from
from serving.instance import Instance
from serving.lifecycle import Lifecycle, drain_on_signals
from serving.server import Drain, serve


def main() -> None:
    """Serve until told to stop."""
    lifecycle = Lifecycle()
    drain_on_signals(lifecycle)
    settings = settings_from(os.environ)
    app, close = build(settings, Instance.here("consumer", lifecycle))
    serve(app, port=settings.port, lifecycle=lifecycle, drain=Drain(linger=0.3))
    close()


if __name__ == "__main__":
    main()
