"""Start the items service: `python -m items`. Exit 0 after a drain, 2 on a wrong setting, 1 if it cannot listen."""

import os
import socket
import sys

from items.app import make_app
from items.database_check import DatabaseCheck, DatabaseDown
from items.settings import Settings
from items.store import Store
from serving.checker import BackgroundCheck
from serving.lifecycle import Lifecycle
from serving.log import start_log
from serving.server import serve
from serving.settings import SettingsError


def main() -> int:
    """Run until told to stop; gives the exit status."""
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(f"items: {error}", file=sys.stderr)
        return 2
    start_log(settings.mode)
    lifecycle = Lifecycle()
    store = Store(settings.database)
    database = DatabaseCheck(settings.database)
    # The database may come later than this process: it listens, says "starting", and goes on asking.
    checker = BackgroundCheck(database.attempt, errors=(DatabaseDown,))
    checker.start()

    def close() -> None:
        checker.stop()
        database.close()
        store.close()

    app = make_app(store, lifecycle, {"database": checker}, pod=socket.gethostname())
    try:
        serve(app, port=settings.port, lifecycle=lifecycle, close=close)
    except OSError as error:
        print(f"items: cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
