"""The database's bad days: refused, restarted, frozen, silent, full. Each ends, and nothing acknowledged is lost."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from children.postgres import PostgresChild
from items.connection import FOR_CHECKS, FOR_MIGRATIONS, FOR_REQUESTS, connect, hang_up
from items.database_check import DatabaseCheck, DatabaseDown
from items.errors import StoreUnavailable
from items.outage_backoff import OutageBackoff
from items.settings import Database
from items.store import Store
from items.wire import Line
from tests.items.conftest import RECOVERY, kill_others, seconds_until


@contextlib.contextmanager
def silence() -> Iterator[int]:
    """A port where calls are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def names(store: Store) -> list[str]:
    return [item["name"] for item in json.loads(store.page(after=0, limit=100))["items"]]


def test_a_restart_of_the_database_costs_an_idle_service_nothing_not_even_a_write(
    store: Store, postgres: PostgresChild
) -> None:
    store.add("first", None)
    postgres.stop()
    postgres.start()
    store.add("second", None)
    assert names(store) == ["first", "second"]


def test_connections_that_an_administrator_ends_cost_an_idle_service_nothing(store: Store, admin: Line) -> None:
    store.add("first", None)
    for _ in range(3):
        kill_others(admin)
        store.add("another", None)
    assert len(names(store)) == 4


def test_a_write_whose_connection_breaks_while_it_waits_is_not_repeated(store: Store, admin: Line) -> None:
    """Whether it was done nobody can tell: it is the caller's to ask again, with a key."""
    store.add("first", None)
    admin.run("BEGIN")
    admin.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    failed: list[Exception] = []

    def write() -> None:
        try:
            store.add("second", None)
        except StoreUnavailable as error:
            failed.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    admin.run("SELECT pg_sleep(0.1)")
    kill_others(admin)
    admin.run("COMMIT")
    writing.join(3)
    assert len(failed) == 1
    store.add("third", None)
    assert names(store) == ["first", "third"]


def test_a_read_whose_connection_breaks_while_it_waits_is_asked_again(store: Store, admin: Line) -> None:
    item = store.add("first", None)
    admin.run("BEGIN")
    admin.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    found: list[bytes | None] = []
    reading = threading.Thread(target=lambda: found.append(store.find(item.id)))
    reading.start()
    admin.run("SELECT pg_sleep(0.1)")
    kill_others(admin)
    admin.run("COMMIT")
    reading.join(3)
    assert found == [item.item]


def test_a_database_that_refuses_is_asked_by_one_request_at_a_time_and_used_when_it_is_back(
    store: Store, postgres: PostgresChild
) -> None:
    item = store.add("lamp", None)
    postgres.stop()
    try:
        before = store.counts().not_opened
        answers = _ask_for(store, item.id, seconds=0.5)
        assert set(answers) == {"the database does not answer: [Errno 111] Connection refused"}
        assert len(answers) > 20
        assert store.counts().not_opened - before <= 6
    finally:
        postgres.start()
    assert seconds_until(lambda: store.find(item.id) == item.item) < RECOVERY


def test_after_one_request_has_waited_for_a_frozen_database_the_others_do_not(
    store: Store, postgres: PostgresChild
) -> None:
    item = store.add("lamp", None)
    with postgres.frozen():
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="timed out"):
            store.find(item.id)
        assert time.monotonic() - began < FOR_REQUESTS.answer + 0.5
        asked, opened = store.counts().exchanges, store.counts().opened
        with pytest.raises(StoreUnavailable, match="timed out"):
            store.find(item.id)
        assert (store.counts().exchanges, store.counts().opened, store.counts().not_opened) == (asked, opened, 0)
    assert seconds_until(lambda: store.find(item.id) == item.item) < RECOVERY


def test_nobody_waits_for_a_silent_database_that_the_checker_knows_of(database: Database) -> None:
    with silence() as port:
        outage = OutageBackoff()
        deaf = DatabaseCheck(replace(database, port=port), outage=outage)
        store = Store(replace(database, port=port), outage=outage)
        began = time.monotonic()
        with pytest.raises(DatabaseDown, match="timed out"):
            deaf.attempt()
        assert time.monotonic() - began < FOR_CHECKS.connect + 0.5
        for _ in range(100):
            with pytest.raises(StoreUnavailable, match="timed out"):
                store.find(1)
        assert store.counts().not_opened == 0


def test_a_request_that_meets_silence_first_waits_no_longer_than_its_bound(database: Database) -> None:
    with silence() as port:
        store = Store(replace(database, port=port))
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="timed out"):
            store.find(1)
        assert time.monotonic() - began < FOR_REQUESTS.connect + 0.5


def test_what_listens_but_is_no_postgresql_is_said(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            client.recv(1000)
            client.sendall(b"\x00\x00\x00\x00\x04\x00 what?")
            client.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(DatabaseDown, match="does not speak as PostgreSQL"):
            DatabaseCheck(replace(database, port=server.getsockname()[1])).attempt()


def test_the_first_word_to_the_database_is_not_a_request_for_tls_that_may_be_declined(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = DatabaseCheck(replace(database, port=silent.getsockname()[1]))
        with pytest.raises(DatabaseDown):
            deaf.attempt()
        heard, _ = silent.accept()
        with heard:
            assert heard.recv(8)[4:] == (196608).to_bytes(4, "big")  # protocol 3.0; TLS would be 80877103


def test_a_full_server_is_said_and_does_not_trouble_who_is_in(store: Store, database: Database, admin: Line) -> None:
    item = store.add("lamp", None)
    crowd: list[Line] = []
    try:
        with contextlib.suppress(Exception):
            while True:
                crowd.append(connect(database, FOR_REQUESTS))
        late = Store(database)
        with pytest.raises(StoreUnavailable, match="53300"):
            late.find(item.id)
        assert store.find(item.id) == item.item
        late.close()
    finally:
        for line in crowd:
            hang_up(line)
    assert admin.run("SELECT 1") == [[1]]


def test_the_keepalive_of_a_connection_finds_a_vanished_server_within_a_minute(database: Database) -> None:
    line = connect(database, FOR_REQUESTS)
    sock: Any = line._usock
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    idle, between, times = (
        sock.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + between * times <= 60
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
    hang_up(line)


def test_the_server_gives_up_before_the_socket_and_both_before_the_consumer() -> None:
    for waits in (FOR_REQUESTS, FOR_CHECKS, FOR_MIGRATIONS):
        assert waits.lock < waits.statement < waits.answer
        assert waits.lock < FOR_REQUESTS.statement  # who waits for a lock holds others up: not until they fail
    assert FOR_REQUESTS.answer < 2.0  # what the consumer gives one attempt


def _ask_for(store: Store, item_id: int, *, seconds: float) -> list[str]:
    """Ask again and again; give what each failure said."""
    says = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            store.find(item_id)
        except StoreUnavailable as error:
            says.append(str(error))
    return says
