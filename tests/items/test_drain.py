"""The items service, told to stop under load: no request fails, and what was acknowledged is there once."""

import http.client
import json
from pathlib import Path

import pytest

from children.postgres import PostgresChild
from items.wire import Line
from tests.helpers.keep_alive_clients import CLIENTS, KeepAliveClients
from tests.helpers.service_child import service_child

PROGRAM = ("-m", "tests.helpers.lingering_briefly", "items")


def create(connection: http.client.HTTPConnection, name: str) -> None:
    """Without a key: asked again, it would be there twice."""
    connection.request("POST", "/items", json.dumps({"name": name}), {"Content-Type": "application/json"})


@pytest.mark.usefixtures("empty_table")
def test_no_write_of_keep_alive_clients_is_lost_or_made_twice_while_one_pod_takes_over_from_another(
    postgres: PostgresChild, admin: Line, tmp_path: Path
) -> None:
    with (
        service_child(*PROGRAM, "1.5", log=tmp_path / "old", env=postgres.env) as old,
        service_child(*PROGRAM, "0.1", log=tmp_path / "new", env=postgres.env) as new,
        KeepAliveClients(old.port, create) as clients,
    ):
        clients.handed_over(old, new)
    rows = sorted((name, item_id) for item_id, name in admin.run("SELECT id, name FROM items"))
    assert clients.failures == []
    assert clients.moved >= CLIENTS
    assert rows == sorted((name, json.loads(body)["id"]) for name, body in clients.answers.items())
    assert len(rows) > 3 * CLIENTS
