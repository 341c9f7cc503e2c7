"""
The tests of judges, found where they stand: kubeproof/checks/X.py has its tests in tests/kubeproof/checks/test_X.py.

Such a module has HISTORIES, one for each observation that its checks read, and tables of cases: name → (check, change
of its history, part of the reason). What holds for every check is tested of all of them in test_every_check.py.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from kubeproof import checks
from kubeproof.checks.catalogue import CHECKS, live_plan
from kubeproof.checks.check import Check
from kubeproof.evidence.reading import EVERYTHING, Line
from kubeproof.verdict import Outcome, Verdict
from tests.helpers.histories import Change, History, lines
from tests.helpers.shop import PROFILE, SYSTEM

ROOT = Path(__file__).parents[2]
PLAN = live_plan(SYSTEM, PROFILE)
# Lines that every observation may have, beside those that a check claims to read.
EVERYWHERE = frozenset({"observe.begin", "observe.end", "gap"})


def path_of_tests(module: str) -> Path:
    """Where the tests of a module of kubeproof.checks belong, below the repository."""
    *folders, name = module.split(".")
    return Path("tests", *folders, f"test_{name}.py")


def _tests() -> Iterator[tuple[str, ModuleType]]:
    for found in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."):
        path = path_of_tests(found.name)
        if (ROOT / path).is_file():
            yield found.name, importlib.import_module(".".join(path.with_suffix("").parts))


def _homes() -> dict[Check, str]:
    """Of each check its module, the last when several import it."""
    found = (module.name for module in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."))
    return {value: name for name in found for value in vars(importlib.import_module(name)).values() if value in CHECKS}


# The test module of each module of kubeproof.checks that has one.
TESTS: Mapping[str, ModuleType] = dict(_tests())
_ALL = {of: make for tests in TESTS.values() for of, make in getattr(tests, "HISTORIES", {}).items()}
# A history in which all holds for each observation, in the order in which a run makes them.
HISTORIES = {planned.observation: _ALL[planned.observation] for planned in PLAN if planned.observation in _ALL}
HOMES: Mapping[Check, str] = _homes()


def changes_of(check: Check, tests: ModuleType) -> tuple[Change, ...]:
    """What the cases of a test module do to the history of a check."""
    tables = [table for table in vars(tests).values() if isinstance(table, dict)]
    found = (case for table in tables for case in table.values() if isinstance(case, tuple))
    return tuple(change for subject, change, *_ in found if isinstance(subject, Check) and subject.name == check.name)


def untested(check: Check, module: str, tests: Mapping[str, ModuleType]) -> str | None:
    """What to do about a check of that module whose judge nobody tests; None when somebody does."""
    path = path_of_tests(module)
    planned = check.planned(SYSTEM, PROFILE)
    if not planned:
        return f"{check.name} is about nothing in tests/helpers/shop.py: declare there what it is about"
    of = planned[0].observation
    if of not in getattr(tests.get(module), "HISTORIES", {}):
        return f"{check.name} is not tested: give {path} HISTORIES with {of!r}, a history in which all holds"
    judge = Judge(check, tests[module])
    outcomes = {judge.outcome(history) for history in judge.histories}
    for outcome, table in ((Outcome.FAIL, "BROKEN"), (Outcome.UNKNOWN, "MISSING")):
        if outcome not in outcomes:
            return f"{check.name} has no history that is {outcome.value}: add one to {table} in {path}"
    return None


def _bracketed(of: str, history: History) -> History:
    """The history between the lines that every observation has: how long it was watched, a judge may ask."""
    if of == EVERYTHING:
        return history  # it has several observations, each with its own
    last = max((moment[0] for moment in history), default=0.0)
    return [(0.0, "observe.begin", {}), *history, (last, "observe.end", {"lines": len(history) + 2, "error": None})]


class Judge:
    """A check with all histories that its test module has for it, each as its lines: the one that holds comes first."""

    def __init__(self, check: Check, tests: ModuleType) -> None:
        self.check, self.planned = check, check.planned(SYSTEM, PROFILE)[0]
        of = self.planned.observation
        make = tests.HISTORIES[of]
        histories: list[History] = [make(), *(change(make()) for change in changes_of(check, tests))]
        self.histories = [lines(of, _bracketed(of, history)) for history in histories]

    def verdict(self, history: tuple[Line, ...]) -> Verdict:
        """What it says of one of its histories."""
        return self.check.verdict(SYSTEM, PROFILE, self.planned.subject, history)

    def outcome(self, history: tuple[Line, ...]) -> Outcome:
        """How it ends on one of its histories."""
        return self.verdict(history).outcome

    def misses(self) -> bool:
        """Whether a verdict changes when only lines that the check claims to read are left."""
        kinds = {*self.check.reads, *EVERYWHERE}
        # Where nothing else is there, nothing else can be read.
        more = [history for history in self.histories if any(line.kind not in kinds for line in history)]
        left = [tuple(line for line in history if line.kind in kinds) for history in more]
        return any(self.verdict(few) != self.verdict(all_) for few, all_ in zip(left, more, strict=True))

    def reads(self, kind: str) -> bool:
        """Whether an outcome changes when all lines of a kind are lost."""
        left = (tuple(line for line in history if line.kind != kind) for history in self.histories)
        return any(self.outcome(few) != self.outcome(all_) for few, all_ in zip(left, self.histories, strict=True))
