"""POST /items with an Idempotency-Key: one item for each key, whichever pod is asked and how often."""

import json
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from items.database_check import BATCH, KEPT, DatabaseCheck
from items.errors import KeyInProgress, KeyReused
from items.settings import Database
from items.store import Store
from items.wire import Line
from serving.middleware import WsgiApp
from tests.helpers.wsgi_client import Answered, ask, ask_json
from tests.items.conftest import kill_others

LAMP = {"name": "lamp", "description": "green"}


@pytest.fixture
def other(database: Database, store: Store) -> Iterator[Store]:  # noqa: ARG001 - a fixture: the table is empty
    """The store of another pod."""
    other = Store(database)
    yield other
    other.close()


def count_of(store: Store) -> int:
    return int(json.loads(store.summary())["count"])


def post(app: WsgiApp, key: str, value: object = LAMP) -> Answered:
    return ask_json(app, "POST", "/items", value, headers={"Idempotency-Key": key})


def test_a_repeated_request_is_answered_as_the_first_was(app: WsgiApp, store: Store) -> None:
    first, again = post(app, "k1"), post(app, "k1")
    assert (first.status, again.status) == (201, 201)
    assert (again.body, again.headers["location"]) == (first.body, first.headers["location"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert count_of(store) == 1


def test_the_first_answer_stays_though_the_item_changed_or_went(app: WsgiApp, store: Store) -> None:
    first = post(app, "k1")
    store.change(1, "other", None)
    assert post(app, "k1").body == first.body
    store.remove(1)
    assert post(app, "k1").body == first.body
    assert count_of(store) == 0


def test_the_same_body_written_otherwise_is_the_same_request(app: WsgiApp) -> None:
    post(app, "k1")
    assert post(app, "k1", {"extra": 1, "description": "green", "name": "lamp"}).status == 201


@pytest.mark.parametrize("value", [{"name": "lamp"}, {**LAMP, "name": "chair"}, {"name": "lampgreen"}])
def test_another_body_with_the_key_is_refused(app: WsgiApp, store: Store, value: object) -> None:
    post(app, "k1")
    refused = post(app, "k1", value)
    assert (refused.status, "used for another item" in refused.json["detail"]) == (422, True)
    assert count_of(store) == 1


def test_a_request_that_was_refused_leaves_its_key_free(app: WsgiApp) -> None:
    assert post(app, "k1", {"name": ""}).status == 422
    assert post(app, "k1").status == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "\x7f", "x" * 256])
def test_a_key_that_is_none_is_refused(app: WsgiApp, store: Store, key: str) -> None:
    assert post(app, key).status == 400
    assert count_of(store) == 0


@pytest.mark.parametrize("key", ["!", "~", '"quoted"', "x" * 255])
def test_a_key_may_be_any_visible_text(app: WsgiApp, key: str) -> None:
    assert [post(app, key).status, post(app, key).headers["idempotency-replayed"]] == [201, "true"]


def test_two_pods_asked_at_once_make_one_item(store: Store, other: Store) -> None:
    rounds = 25
    answers: dict[str, set[bytes]] = {}
    replays: list[bool] = []
    start = threading.Barrier(4)

    def ask_all(mine: Store) -> None:
        for number in range(rounds):
            start.wait(5)
            added = mine.add_once(f"k{number}", "lamp", None)
            answers.setdefault(f"k{number}", set()).add(added.item)
            replays.append(added.replayed)

    threads = [threading.Thread(target=ask_all, args=(mine,)) for mine in (store, other, store, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(bodies) for bodies in answers.values()} == {1}
    assert (replays.count(False), replays.count(True)) == (rounds, 3 * rounds)
    assert count_of(store) == rounds


def test_while_the_first_is_not_finished_the_second_is_told_so(
    app: WsgiApp, store: Store, other: Store, admin: Line
) -> None:
    # Another pod, stuck between the two halves of its statement.
    admin.run("BEGIN")
    admin.run("INSERT INTO idempotency_keys (key, request, item_id, answer) VALUES ('k1', 'x', 7, '{}')")
    answered = post(app, "k1")
    assert (answered.status, answered.headers["retry-after"]) == (409, "1")
    with pytest.raises(KeyInProgress):
        other.add_once("k1", "lamp", None)
    admin.run("ROLLBACK")  # it died: the key is free, and nothing was made
    assert post(app, "k1").status == 201
    assert count_of(store) == 1


def test_a_connection_that_died_costs_a_keyed_request_nothing(store: Store, admin: Line) -> None:
    first = store.add_once("k1", "lamp", "green")
    kill_others(admin)
    assert store.add_once("k1", "lamp", "green").item == first.item
    kill_others(admin)
    assert store.add_once("k2", "lamp", "green").id != first.id
    assert count_of(store) == 2


def test_a_key_is_known_for_a_day_and_then_swept(database: Database, store: Store, admin: Line) -> None:
    for number in range(3):
        store.add_once(f"k{number}", "lamp", None)
    admin.run(f"UPDATE idempotency_keys SET created_at = now() - interval '{KEPT - 60} seconds' WHERE key = 'k1'")
    admin.run(f"UPDATE idempotency_keys SET created_at = now() - interval '{KEPT + 60} seconds' WHERE key = 'k2'")
    check = DatabaseCheck(database)
    check.attempt()
    check.close()
    assert admin.run("SELECT key FROM idempotency_keys ORDER BY key") == [["k0"], ["k1"]]
    assert store.add_once("k2", "another", None).replayed is False
    with pytest.raises(KeyReused):
        store.add_once("k1", "another", None)


def test_a_sweep_takes_a_batch_at_each_check_until_nothing_is_left(
    database: Database, store: Store, admin: Line
) -> None:
    assert count_of(store) == 0
    admin.run(
        "INSERT INTO idempotency_keys (key, request, item_id, answer, created_at)"
        f" SELECT g, 'x', 1, '{{}}', now() - interval '2 days' FROM generate_series(1, {BATCH + 5}) g"
    )
    check = DatabaseCheck(database)
    left = []
    for _ in range(2):
        check.attempt()
        left += admin.run("SELECT count(*) FROM idempotency_keys")
    check.close()
    assert left == [[5], [0]]


def test_a_sweep_that_cannot_be_made_is_no_outage(database: Database, store: Store, admin: Line) -> None:
    store.add_once("k1", "lamp", None)
    check = DatabaseCheck(database)
    admin.run("BEGIN")
    admin.run("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
    check.attempt()
    admin.run("ROLLBACK")
    check.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(asked=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["lamp", "chair"]), st.booleans()), max_size=8))
def test_whatever_is_asked_of_two_pods_the_first_request_with_a_key_decides(
    store: Store, other: Store, admin: Line, asked: list[tuple[str, str, bool]]
) -> None:
    admin.run("TRUNCATE items, idempotency_keys RESTART IDENTITY")
    model: dict[str, tuple[str, bytes]] = {}
    for key, name, elsewhere in asked:
        mine = other if elsewhere else store
        if key in model and model[key][0] != name:
            with pytest.raises(KeyReused):
                mine.add_once(key, name, None)
            continue
        added = mine.add_once(key, name, None)
        assert added.replayed == (key in model)
        assert added.item == model.setdefault(key, (name, added.item))[1]
    assert count_of(store) == len(model)


def test_without_a_key_the_same_body_twice_is_two_items(app: WsgiApp, store: Store) -> None:
    assert [ask_json(app, "POST", "/items", LAMP).status for _ in range(2)] == [201, 201]
    assert count_of(store) == 2
    assert ask(app, "GET", "/items/2").status == 200
