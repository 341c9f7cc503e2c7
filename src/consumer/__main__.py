"""Start the consumer: `python -m consumer`. Exit 0 after a drain, 2 on a wrong setting, 1 if it cannot listen."""

import os
import socket
import sys

from consumer.app import make_app
from consumer.settings import Settings
from consumer.upstream import Upstream
from serving.lifecycle import Lifecycle
from serving.log import start_log
from serving.server import serve
from serving.settings import SettingsError


def main() -> int:
    """Run until told to stop; gives the exit status."""
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"consumer: {error}", file=sys.stderr)
        return 2
    start_log(settings.mode)
    lifecycle = Lifecycle()
    app = make_app(Upstream(settings.items_url), lifecycle, pod=socket.gethostname())
    try:
        serve(app, port=settings.port, lifecycle=lifecycle, close=lambda: None)
    except OSError as error:
        print(f"consumer: cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
