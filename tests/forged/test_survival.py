"""What was dropped, doubled, moved or changed in the passing run is seen, or is in a list with the reason why not."""

from collections.abc import Iterator
from itertools import product

import pytest

from tests.forged.allowed import LEGITIMATE, OPEN, keys
from tests.forged.corruptions import FEW, MANY, MOVES
from tests.forged.run import passing, remembering
from tests.forged.survival import AS_ANOTHER, Tried, table, tried

TRIED = [observation for observation in passing() if AS_ANOTHER.get(observation) != ()]
ALLOWED = keys(LEGITIMATE) | keys(OPEN)
# Fields that no survivor may have: what they say is what the laws are about.
NEVER = ("restarts", "status", "failures", "gone", "uid", "uids", "source_uid", "target_uid")


@pytest.fixture(scope="module", autouse=True)
def each_line_is_signed_once() -> Iterator[None]:
    with remembering():
        yield


@pytest.mark.parametrize("observation", TRIED)
def test_what_survives_has_a_reason(observation: str) -> None:
    """Spread over the workers by observation; together they try every kind of line."""
    unseen = {result.key for result in tried(observation) if result.survived} - ALLOWED
    assert sorted(unseen) == [], "nobody sees this: have a judge see it, or say in allowed.py why nobody needs to"


def test_no_reason_is_given_for_what_the_laws_are_about() -> None:
    """Of what is legitimate; what is open has to go, whatever it is."""
    found = {
        (kind, field, operation)
        for kind, field, operation in keys(LEGITIMATE)
        if field in NEVER
        or (kind == "request" and field == "pod")
        or (kind == "reach cell" and operation in MOVES and operation not in MOVES[:2])
    }
    assert found == set()


def test_nothing_is_both_legitimate_and_open() -> None:
    assert keys(LEGITIMATE) & keys(OPEN) == set()


def test_every_reason_is_used() -> None:
    """By one observation or another; what has been found is not tried again, and what has not on more lines."""
    missing = set(ALLOWED)
    for sample, observation in product((FEW, MANY), TRIED):
        for result in tried(observation, only=missing, sample=sample):
            if result.survived:
                missing.discard(result.key)
    assert sorted(missing) == [], "this no longer survives: take it out of allowed.py"


def test_the_table_counts_what_survived_and_what_was_tried() -> None:
    counted = [Tried("x", "pod", "", "dropped", True), Tried("x", "pod", "uid", "null", False)]
    assert table(counted)[2:] == ["| pod | 1/1 | 0/0 | 0/1 | 0/0 |", "| all | 1/1 | 0/0 | 0/1 | 0/0 |"]
