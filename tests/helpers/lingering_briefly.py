"""A service as its own program builds it, with a linger short enough for a test: -m ... SERVICE SECONDS."""

import os
import sys
from importlib import import_module

from serving.instance import Instance
from serving.lifecycle import Lifecycle, drain_on_signals
from serving.log import start_log
from serving.server import Drain, serve


def main(service: str, linger: float) -> None:
    """Serve until told to stop."""
    lifecycle = Lifecycle()
    drain_on_signals(lifecycle)
    program = import_module(f"{service}.__main__")
    settings = program.settings_from(os.environ)
    start_log(settings.mode)
    app, close = program.build(settings, Instance.here(service, lifecycle))
    serve(app, port=settings.port, lifecycle=lifecycle, drain=Drain(linger=linger))
    close()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
