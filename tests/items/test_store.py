"""The store and the database's bad days: restarts, slowness, silence, two pods at once."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pg8000.native import Connection

import items.store
from items.connection import FOR_CHECKS, FOR_REQUESTS, connect, hang_up
from items.database_check import DatabaseCheck, DatabaseDown, create_schema
from items.settings import Database
from items.store import NotStorable, Store, StoreTooSlow, StoreUnavailable
from tests.postgres_child import PostgresChild

SEED_COLUMNS = [
    ["id", "integer", None, "NO", "nextval('items_id_seq'::regclass)"],
    ["name", "character varying", 255, "NO", None],
    ["description", "text", None, "YES", None],
    ["created_at", "timestamp without time zone", None, "YES", "CURRENT_TIMESTAMP"],
]


@pytest.fixture
def admin(database: Database) -> Iterator[Connection]:
    """A connection beside the store's."""
    connection = connect(database, FOR_REQUESTS)
    yield connection
    hang_up(connection)


@pytest.mark.usefixtures("empty_table")
def test_the_table_is_exactly_the_seeds(admin: Connection) -> None:
    columns = admin.run(
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_name = 'items' ORDER BY ordinal_position"
    )
    assert columns == SEED_COLUMNS


def test_many_pods_that_start_at_once_make_one_table(database: Database, admin: Connection) -> None:
    for _ in range(5):
        admin.run("DROP TABLE IF EXISTS items")
        checks = [DatabaseCheck(database) for _ in range(8)]
        failures: list[DatabaseDown] = []

        def attempt(check: DatabaseCheck, failures: list[DatabaseDown] = failures) -> None:
            try:
                check.attempt()
            except DatabaseDown as error:
                failures.append(error)

        threads = [threading.Thread(target=attempt, args=(check,)) for check in checks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for check in checks:
            check.close()
        assert failures == []


def test_a_table_that_vanished_is_made_again_by_the_check(store: Store, database: Database, admin: Connection) -> None:
    check = DatabaseCheck(database)
    check.attempt()
    admin.run("DROP TABLE items")
    with pytest.raises(StoreUnavailable, match="42P01"):
        store.find(1)
    with pytest.raises(DatabaseDown, match='"items" does not exist'):
        check.attempt()
    check.attempt()
    assert store.find(1) is None
    check.close()


def test_a_restart_of_the_database_costs_no_read(store: Store, postgres: PostgresChild) -> None:
    item = store.add("lamp", None)
    postgres.stop()
    postgres.start()
    assert store.find(item.id) == item
    assert store.page(after=0, count=5) == [item]


def test_a_write_on_a_connection_that_died_is_not_repeated_but_the_next_one_works(
    store: Store, admin: Connection
) -> None:
    store.add("first", None)
    _kill_others(admin)
    with pytest.raises(StoreUnavailable):
        store.add("second", None)
    store.add("third", None)
    assert [item.name for item in store.page(after=0, count=5)] == ["first", "third"]


def test_a_database_that_is_away_is_said_at_once_and_used_when_it_is_back(
    store: Store, postgres: PostgresChild
) -> None:
    item = store.add("lamp", None)
    postgres.stop()
    try:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="refused"):
                store.find(item.id)
        assert time.monotonic() - began < 1
    finally:
        postgres.start()
    assert store.find(item.id) == item


def test_a_statement_that_waits_too_long_is_given_up_and_the_connection_kept(
    store: Store, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items.store, "FOR_REQUESTS", replace(FOR_REQUESTS, statement=0.3))
    item = store.add("lamp", None)
    admin.run("BEGIN")
    admin.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    with pytest.raises((StoreTooSlow, StoreUnavailable)):
        store.find(item.id)
    assert time.monotonic() - began < 1
    admin.run("ROLLBACK")
    assert store.find(item.id) == item


def test_a_database_that_takes_the_call_and_says_nothing_is_given_up(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = DatabaseCheck(replace(database, port=silent.getsockname()[1]))
        began = time.monotonic()
        with pytest.raises(DatabaseDown, match="timed out"):
            deaf.attempt()
        assert time.monotonic() - began < FOR_CHECKS.answer + 0.5


def test_the_first_word_to_the_database_is_not_a_request_for_tls_that_may_be_declined(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = DatabaseCheck(replace(database, port=silent.getsockname()[1]))
        with pytest.raises(DatabaseDown):
            deaf.attempt()
        heard, _ = silent.accept()
        with heard:
            assert heard.recv(8)[4:] == (196608).to_bytes(4, "big")  # protocol 3.0; TLS would be 80877103


def test_a_wrong_password_is_said_without_the_password(database: Database) -> None:
    wrong = replace(database, password="hunter2")
    with pytest.raises(DatabaseDown, match="password authentication failed") as refused:
        DatabaseCheck(wrong).attempt()
    with pytest.raises(StoreUnavailable, match="28P01"):
        Store(wrong).find(1)
    assert "hunter2" not in f"{refused.value!r} {wrong!r}"


def test_a_value_the_database_refuses_is_the_callers_fault(store: Store) -> None:
    with pytest.raises(NotStorable, match="22001"):
        store.add("x" * 256, None)
    assert store.add("x", None).name == "x"


def test_each_thread_has_one_connection_and_close_ends_them_all(store: Store, admin: Connection) -> None:
    item = store.add("lamp", None)
    wrong: list[object] = []

    def ask_often() -> None:
        wrong.extend(found for _ in range(50) if (found := store.find(item.id)) != item)

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert _connections(admin) == 9
    store.close()
    deadline = time.monotonic() + 3
    while _connections(admin) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _connections(admin) == 0


def test_the_table_creation_alone_may_be_repeated(admin: Connection) -> None:
    create_schema(admin)
    create_schema(admin)


def _connections(admin: Connection) -> int:
    [[count]] = admin.run(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'items' AND pid <> pg_backend_pid()"
    )
    return int(count)


def _kill_others(admin: Connection) -> None:
    admin.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'items' AND pid <> pg_backend_pid()"
    )
    time.sleep(0.1)
