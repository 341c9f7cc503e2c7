"""A world in which a law is broken, as one edit of the passing run, and what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass

from kubeproof.verdict import Outcome
from tests.forged.run import Run

FAIL, UNKNOWN = frozenset({Outcome.FAIL}), frozenset({Outcome.UNKNOWN})
EITHER = FAIL | UNKNOWN


@dataclass(frozen=True)
class World:
    """The check that must see it, what was done to the run, a part of the reason, and how the verdict may end."""

    check: str
    edit: Callable[[Run], Run]
    reason: str = ""
    outcomes: frozenset[Outcome] = EITHER
