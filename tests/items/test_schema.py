"""The schema: forward only, once, by one pod at a time, and never in the way of the version before."""

import re
import threading
from collections.abc import Iterator
from importlib.resources import files

import pytest
from pg8000.exceptions import DatabaseError

from items.connection import FOR_REQUESTS, connect, hang_up
from items.database_check import DatabaseCheck, DatabaseDown
from items.errors import StoreUnavailable
from items.schema import Step, is_current, migrate, steps
from items.settings import Database
from items.store import Store
from items.wire import Line

SEED_COLUMNS = [
    ["id", "integer", None, "NO", "nextval('items_id_seq'::regclass)"],
    ["name", "character varying", 255, "NO", None],
    ["description", "text", None, "YES", None],
    ["created_at", "timestamp without time zone", None, "YES", "CURRENT_TIMESTAMP"],
]
# What the version without numbered steps ran when it started.
FIRST_VERSION = """
CREATE TABLE IF NOT EXISTS items (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
)
"""


@pytest.fixture
def bare(admin: Line) -> Iterator[Line]:
    """A connection to the database without any table of ours; the tables are there again afterwards."""
    admin.run("DROP TABLE IF EXISTS items, idempotency_keys, schema_migrations, later")
    yield admin
    admin.run("ROLLBACK")
    admin.run("DROP TABLE IF EXISTS items, idempotency_keys, schema_migrations, later")
    migrate(admin, steps())


def test_the_table_is_exactly_the_seeds(bare: Line) -> None:
    migrate(bare, steps())
    columns = bare.run(
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_name = 'items' ORDER BY ordinal_position"
    )
    assert columns == SEED_COLUMNS
    assert bare.run("SELECT indexname FROM pg_indexes WHERE tablename = 'items'") == [["items_pkey"]]


def test_each_step_is_applied_once_and_recorded(bare: Line) -> None:
    assert not is_current(bare, steps())
    assert [step.name for step in migrate(bare, steps())] == ["items", "idempotency_keys"]
    assert is_current(bare, steps())
    assert migrate(bare, steps()) == []
    assert bare.run("SELECT number, name FROM schema_migrations ORDER BY number") == [
        [1, "items"],
        [2, "idempotency_keys"],
    ]


def test_a_database_of_the_version_before_is_taken_over_with_its_rows(bare: Line) -> None:
    bare.run(FIRST_VERSION)
    bare.run("INSERT INTO items (name) VALUES ('lamp')")
    migrate(bare, steps())
    assert bare.run("SELECT id, name FROM items") == [[1, "lamp"]]
    bare.run(FIRST_VERSION)  # a pod of the version before starts while this one serves
    assert bare.run("INSERT INTO items (name, description) VALUES ('chair', NULL) RETURNING id") == [[2]]


def test_a_database_newer_than_this_version_is_served(bare: Line, database: Database) -> None:
    newer = [*steps(), Step(3, "later", "CREATE TABLE later (id INTEGER)")]
    migrate(bare, newer)
    assert is_current(bare, steps())
    assert migrate(bare, steps()) == []
    check = DatabaseCheck(database)
    check.attempt()
    check.close()


def test_many_pods_that_start_at_once_apply_each_step_once(bare: Line, database: Database) -> None:
    for _ in range(3):
        bare.run("DROP TABLE IF EXISTS items, idempotency_keys, schema_migrations")
        checks = [DatabaseCheck(database) for _ in range(8)]
        failures: list[DatabaseDown] = []

        def attempt(check: DatabaseCheck, failures: list[DatabaseDown] = failures) -> None:
            for _ in range(20):  # as the checker does: whoever waits too long for the others comes back
                try:
                    return check.attempt()
                except DatabaseDown as error:
                    if "lock timeout" not in str(error):
                        failures.append(error)
            failures.append(DatabaseDown("never had its turn"))

        threads = [threading.Thread(target=attempt, args=(check,)) for check in checks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for check in checks:
            check.close()
        assert failures == []
        assert bare.run("SELECT count(*) FROM schema_migrations") == [[len(steps())]]


def test_a_step_that_fails_leaves_nothing_behind(bare: Line, database: Database) -> None:
    broken = [*steps(), Step(3, "later", "CREATE TABLE later (id INTEGER); SELECT 1/0")]
    migrator = connect(database, FOR_REQUESTS)
    with pytest.raises(DatabaseError):
        migrate(migrator, broken)
    hang_up(migrator)
    assert bare.run("SELECT to_regclass('items'), to_regclass('later')") == [[None, None]]
    assert len(migrate(bare, steps())) == len(steps())


def test_reads_and_writes_of_the_version_before_go_on_while_a_step_is_applied(bare: Line, database: Database) -> None:
    """No step of ours locks the items table against those who use it."""
    bare.run(FIRST_VERSION)
    migrator = connect(database, FOR_REQUESTS)
    migrator.run("BEGIN")
    for step in steps():
        migrator.run(step.sql)
    assert bare.run("INSERT INTO items (name) VALUES ('meanwhile') RETURNING id") == [[1]]
    assert bare.run("SELECT name FROM items") == [["meanwhile"]]
    migrator.run("COMMIT")
    hang_up(migrator)


def test_a_pod_waits_for_another_that_migrates_and_says_so(bare: Line, database: Database) -> None:
    bare.run("BEGIN")
    bare.run("SELECT pg_advisory_xact_lock(5000001)")
    slow = connect(database, FOR_REQUESTS)
    with pytest.raises(DatabaseError, match="lock timeout"):
        migrate(slow, steps())
    hang_up(slow)
    bare.run("ROLLBACK")


def test_a_database_that_was_replaced_by_an_empty_one_gets_its_schema_again(bare: Line, database: Database) -> None:
    migrate(bare, steps())
    check, store = DatabaseCheck(database), Store(database)
    check.attempt()
    assert store.find(1) is None
    bare.run("DROP TABLE items, idempotency_keys, schema_migrations")
    with pytest.raises(StoreUnavailable, match="42P01"):
        store.find(1)
    with pytest.raises(DatabaseDown, match='"items" does not exist'):
        check.attempt()
    check.attempt()
    assert store.find(1) is None
    check.close()
    store.close()


def test_every_step_that_was_released_is_as_it_was() -> None:
    """Forward only: a change is a new file. When this fails, undo the edit and add one."""
    first = files("items").joinpath("migrations", "0001_items.sql").read_text("utf-8")
    assert re.sub(r"--.*|;", "", first).split() == FIRST_VERSION.split()


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], ["a.txt"]])
def test_files_that_are_no_sequence_are_refused(
    names: list[str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path_factory.mktemp("items")
    (root / "migrations").mkdir()
    for name in names:
        (root / "migrations" / name).write_text("SELECT 1")
    monkeypatch.setattr("items.schema.files", lambda _package: root)
    with pytest.raises(ValueError, match="migrations/"):
        steps()
