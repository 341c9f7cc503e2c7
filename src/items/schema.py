"""
The schema, in numbered steps that only go forward: migrations/NNNN_what.sql, each applied once, in order.

A step must leave a schema that the version before can still serve with: during a rollout both do.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

from pg8000.native import Connection

# The same key as before there were numbered steps: an older pod and we do not set up a database at the same time.
_LOCK = 5_000_001

_STEPS_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True)
class Step:
    """One change of the schema."""

    number: int
    name: str
    sql: str


def steps() -> list[Step]:
    """Give all steps in order; raises ValueError for a file that is not named NNNN_what.sql, or a gap."""
    found = []
    for path in files("items").joinpath("migrations").iterdir():
        named = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if named is None:
            raise ValueError(f"migrations/{path.name} is not named NNNN_what.sql")
        found.append(Step(int(named[1]), named[2], path.read_text("utf-8")))
    found.sort(key=lambda step: step.number)
    if [step.number for step in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations/ has a gap or a number twice: {[step.number for step in found]}")
    return found


def is_current(connection: Connection, wanted: list[Step]) -> bool:
    """Tell whether every step was applied. Steps that this version does not know are no objection."""
    if connection.run("SELECT to_regclass('schema_migrations')") == [[None]]:
        return False
    return {step.number for step in wanted} <= _applied(connection)


def migrate(connection: Connection, wanted: list[Step]) -> list[Step]:
    """
    Apply what is missing, all or nothing, and give it. Pods that start at once take turns.

    Raises DatabaseError when a step fails, or another pod holds the lock for longer than the connection waits.
    """
    connection.run("BEGIN")
    connection.run(f"SELECT pg_advisory_xact_lock({_LOCK})")
    connection.run(_STEPS_TABLE)
    applied = _applied(connection)
    missing = [step for step in wanted if step.number not in applied]
    for step in missing:
        connection.run(step.sql)
        connection.run(
            "INSERT INTO schema_migrations (number, name) VALUES (:number, :name)", number=step.number, name=step.name
        )
    connection.run("COMMIT")
    return missing


def _applied(connection: Connection) -> set[int]:
    return {number for [number] in connection.run("SELECT number FROM schema_migrations")}
