"""The real items service on a real database, as a child process."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from children.postgres import PostgresChild
from tests.helpers.service_child import service_child

PATIENCE = 60.0  # seconds for its tables to be there


@contextlib.contextmanager
def items_server(postgres: PostgresChild, log: Path) -> Iterator[str]:
    """Lend the URL of an items service, with its tables in place."""
    with service_child("-m", "items", log=log, env={**postgres.env, "DB_POOL": "4"}) as child:
        deadline = time.monotonic() + PATIENCE
        while child.get("/health/ready")[0] != 200:
            assert time.monotonic() < deadline, child.said
            time.sleep(0.05)
        yield f"http://127.0.0.1:{child.port}"
