"""Start the items service: `python -m items`. Exit 0 after a drain, 2 on a wrong setting, 1 if it cannot listen."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from serving.process import run

if TYPE_CHECKING:
    from items.settings import Settings
    from serving.instance import Instance
    from serving.middleware import WsgiApp


def settings_from(env: Mapping[str, str]) -> "Settings":
    """Read the settings; imported late, as all below: run() catches signals first."""
    from items.settings import Settings

    return Settings.from_env(env)


def build(settings: "Settings", instance: "Instance") -> tuple["WsgiApp", Callable[[], None]]:
    """Give the app, and what lets go of the database."""
    from items.app import make_app
    from items.database_check import DatabaseCheck, DatabaseDown
    from items.outage_backoff import OutageBackoff
    from items.store import Store
    from serving.checker import BackgroundCheck

    outage = OutageBackoff()
    store = Store(settings.database, pool=settings.pool, outage=outage)
    database = DatabaseCheck(settings.database, outage=outage)
    # The database may come later than this process: it listens, says "starting", and goes on asking.
    checker = BackgroundCheck(database.attempt, errors=(DatabaseDown,))
    checker.start()

    def close() -> None:
        checker.stop()
        database.close()
        store.close()

    return make_app(store, instance, {"database": checker}, grace=settings.ready_grace), close


if __name__ == "__main__":
    sys.exit(run("items", settings_from, build))
