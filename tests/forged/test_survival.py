"""What was dropped, doubled, moved or changed in the passing run is seen, or is in a list with the reason why not."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.forged.allowed import ALLOWED, REDUNDANT, Key, keys
from tests.forged.corruptions import MOVES
from tests.forged.run import remembering
from tests.forged.survival import Tried, representing, table, tried

ROLES = representing()
# What these fields say is what the laws are about: only where another line says the same may they survive.
NEVER = ("restarts", "status", "failures", "gone", "uid", "uids", "source_uid", "target_uid")


@pytest.fixture(scope="module", autouse=True)
def each_line_is_signed_once() -> Iterator[None]:
    with remembering():
        yield


@cache
def survivors(observation: str) -> set[Key]:
    return {result.key for result in tried(observation, ROLES[observation]) if result.survived}


@pytest.mark.parametrize("observation", ROLES)
def test_what_survives_has_a_reason(observation: str) -> None:
    """Spread over the workers by observation; together they try a line of every kind and role."""
    unseen = survivors(observation) - keys(ALLOWED)
    assert sorted(unseen) == [], "nobody sees this: have a judge see it, or say in allowed.py why nobody needs to"


def test_what_the_laws_are_about_survives_only_where_another_line_says_the_same() -> None:
    others = {reason: text for reason, text in ALLOWED.items() if not reason.startswith(REDUNDANT)}
    found = {
        (kind, field, operation)
        for kind, field, operation in keys(others)
        if field in NEVER
        or (kind in ("request", "route") and field == "pod")
        or (kind == "reach cell" and operation in MOVES and operation not in MOVES[:2])
    }
    assert found == set()


def test_every_reason_is_used() -> None:
    missing = keys(ALLOWED).difference(*map(survivors, ROLES))
    assert sorted(missing) == [], "this no longer survives: take it out of allowed.py"


def test_the_table_counts_what_survived_and_what_was_tried() -> None:
    counted = [Tried("x", "pod", "", "dropped", True), Tried("x", "pod", "uid", "null", False)]
    assert table(counted)[2:] == ["| pod | 1/1 | 0/0 | 0/1 | 0/0 |", "| all | 1/1 | 0/0 | 0/1 | 0/0 |"]
