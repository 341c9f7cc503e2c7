"""The real items service on a real database, behind a socket of this process."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from waitress.server import create_server

from children.postgres import PostgresChild
from items.app import make_app
from items.connection import FOR_REQUESTS, connect, hang_up
from items.schema import migrate, steps
from items.settings import Settings
from items.store import Store
from serving.instance import Instance
from serving.lifecycle import Lifecycle


@contextlib.contextmanager
def items_server(postgres: PostgresChild) -> Iterator[str]:
    """Lend the URL of an items service, the pod items-1, with its tables in place."""
    database = Settings.from_env(postgres.env).database
    connection = connect(database, FOR_REQUESTS)
    migrate(connection, steps())
    hang_up(connection)
    store = Store(database)
    instance = replace(Instance.here("items", Lifecycle()), pod="items-1")
    server = create_server(make_app(store, instance, {}), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        server.close()
        store.close()
