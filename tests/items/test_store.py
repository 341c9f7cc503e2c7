"""The store on a good database: what it gives, and how it names what cannot be."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

from items.errors import NotStorable, StoreTooSlow, StoreUnavailable
from items.settings import Database
from items.statements import MAX_PAGE_TEXT
from items.store import Store
from items.wire import Line


def found(store: Store, item_id: int) -> Any:
    """The item, decoded."""
    item = store.find(item_id)
    return item and json.loads(item)


def test_what_is_added_is_found_changed_and_removed(store: Store) -> None:
    added = store.add("lamp", "green")
    assert json.loads(added.item) == found(store, added.id)
    changed = store.change(added.id, "desk lamp", None)
    assert changed is not None
    assert json.loads(changed) == {**json.loads(added.item), "name": "desk lamp", "description": None}
    assert [store.remove(added.id), store.remove(added.id)] == [True, False]
    assert [store.find(added.id), store.change(added.id, "x", None)] == [None, None]


def test_the_time_is_in_utc_and_says_so(store: Store, admin: Line) -> None:
    store.add("lamp", None)
    admin.run("UPDATE items SET created_at = '2026-02-03 04:05:06.000007'")
    assert found(store, 1)["created_at"] == "2026-02-03T04:05:06.000007Z"
    admin.run("UPDATE items SET created_at = NULL")
    assert found(store, 1)["created_at"] is None


@pytest.mark.parametrize("text", ["'; DROP TABLE items; --", 'a "b" \\ \x01\x1f\x7f\u2028 $1 :x %s', "\U0001f600 é"])
def test_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    assert found(store, store.add(text, text).id)["name"] == text
    assert json.loads(store.page(after=0, limit=1))["items"][0]["description"] == text


def test_the_summary_counts_and_shows_the_newest(store: Store) -> None:
    assert json.loads(store.summary()) == {"count": 0, "newest": None}
    for name in ("lamp", "chair"):
        store.add(name, None)
    assert json.loads(store.summary()) == {"count": 2, "newest": found(store, 2)}
    store.remove(2)
    assert json.loads(store.summary())["newest"]["name"] == "lamp"


def test_a_page_of_large_items_ends_early_and_says_where_the_next_begins(store: Store) -> None:
    large = "x" * (MAX_PAGE_TEXT // 2)
    for _ in range(4):
        store.add("large", large)
    store.add("larger", "y" * (MAX_PAGE_TEXT + 1))
    pages, after = [], 0
    while after is not None:
        page = json.loads(store.page(after=after, limit=100))
        pages.append([item["id"] for item in page["items"]])
        after = page["next"]
    assert pages == [[1, 2], [3, 4], [5]]


def test_a_value_the_database_refuses_is_the_callers_fault(store: Store) -> None:
    with pytest.raises(NotStorable, match="22001"):
        store.add("x" * 256, None)
    with pytest.raises(NotStorable, match="22001"):
        store.add_once("key", "x" * 256, None)
    assert store.add("x", None).id
    assert store.counts().opened == 1


def test_a_statement_that_waits_for_a_lock_is_given_up_and_the_connection_kept(store: Store, admin: Line) -> None:
    item = store.add("lamp", None)
    admin.run("BEGIN")
    admin.run("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(StoreTooSlow, match="too long"):
        store.find(item.id)
    admin.run("ROLLBACK")
    assert found(store, item.id)["name"] == "lamp"
    assert store.counts().opened == 1


def test_no_statement_runs_on_after_its_time(store: Store, admin: Line) -> None:
    """The server ends it, before the socket gives up: nothing is left running for a caller who is gone."""
    store.add("lamp", None)
    admin.run(
        "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(9); END $$"
    )
    admin.run("CREATE TRIGGER slow BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION slow()")
    try:
        with pytest.raises(StoreTooSlow):
            store.remove(1)
        [[running]] = admin.run("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DELETE%'")
        assert running == 0
    finally:
        admin.run("DROP TRIGGER slow ON items")


def test_a_statement_that_the_server_forgot_is_prepared_again_also_for_a_write(store: Store) -> None:
    store.add("first", None)
    line, _ = store._pool.lend()
    line.run("DEALLOCATE ALL")
    store._pool.give_back(line)
    store.add("second", None)
    assert json.loads(store.summary())["count"] == 2


def test_a_transaction_that_somebody_left_open_and_failed_costs_no_request(store: Store) -> None:
    store.add("first", None)
    line, _ = store._pool.lend()
    line.run("BEGIN")
    with pytest.raises(DatabaseError):
        line.run("SELECT 1/0")
    line._transaction_status = b"I"  # as if nobody had noticed: the pool would not take it back
    store._pool.give_back(line)
    store.add("second", None)
    assert (json.loads(store.summary())["count"], store.counts().opened) == (2, 2)


def test_a_schema_that_changed_under_a_prepared_statement_costs_no_request(store: Store, admin: Line) -> None:
    store.add("first", None)
    admin.run("ALTER TABLE items ALTER COLUMN id TYPE bigint")
    try:
        store.add("second", None)
        assert json.loads(store.summary())["count"] == 2
    finally:
        admin.run("ALTER TABLE items ALTER COLUMN id TYPE integer")


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_a_statement_that_lost_against_another_is_asked_again(store: Store, admin: Line, code: str) -> None:
    """A deadlock, a serialisation failure: the server has undone it, so also a write may be repeated."""
    admin.run("CREATE SEQUENCE tries")
    admin.run(
        "CREATE OR REPLACE FUNCTION lose_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$"
    )
    admin.run("CREATE TRIGGER lose_once BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION lose_once()")
    try:
        store.add("lamp", None)
        assert (json.loads(store.summary())["count"], store.counts().opened) == (1, 1)
    finally:
        admin.run("DROP TRIGGER lose_once ON items")
        admin.run("DROP SEQUENCE tries")


def test_threads_share_the_pool_and_nobody_gets_anothers_answer(database: Database, store: Store) -> None:
    ids = [store.add(f"n{number}", None).id for number in range(8)]
    shared = Store(database, pool=3)
    wrong: list[object] = []

    def ask_often(item_id: int) -> None:
        wrong.extend(item for _ in range(50) if (item := found(shared, item_id))["id"] != item_id)

    threads = [threading.Thread(target=ask_often, args=(item_id,)) for item_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert (shared.counts().opened, shared.counts().exchanges) == (3, 400)
    shared.close()


def test_an_exhausted_pool_is_said(database: Database, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("items.pool.PATIENCE", 0.05)
    store.add("lamp", None)
    small = Store(database, pool=1)
    line, _ = small._pool.lend()
    with pytest.raises(StoreUnavailable, match="all 1 connections"):
        small.find(1)
    small._pool.give_back(line)
    assert small.find(1)
    small.close()


def test_what_nobody_foresaw_does_not_keep_its_connection(store: Store) -> None:
    for _ in range(20):
        with pytest.raises(UnicodeEncodeError):
            store.add("\ud800", None)
    assert store.counts().lent == 0


def test_a_wrong_password_is_said_without_the_password(database: Database) -> None:
    wrong = replace(database, password="hunter2")
    with pytest.raises(StoreUnavailable, match="password authentication failed") as refused:
        Store(wrong).find(1)
    assert "hunter2" not in f"{refused.value!r} {wrong!r}"
