"""
The small run that is forged: each observation's history in which all holds, signed as a run signs it, and judged.

Counts, checksums and digests are made by `written` of tests/helpers/histories.py, so that a forged file is as whole as
an honest one: nothing but what it tells gives it away.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import pytest

from kubeproof.conclusion import status_of
from kubeproof.evidence import reading
from kubeproof.evidence.reading import EVERYTHING, Evidence, Planned, read_evidence
from kubeproof.judging import Judged, judge_planned, judge_run
from kubeproof.verdict import Exit
from tests.helpers import histories
from tests.helpers.histories import History, written
from tests.helpers.judge_tests import HISTORIES, PLAN
from tests.helpers.one_run import one_run
from tests.helpers.shop import PROFILE, SYSTEM

Run = dict[str, History]


def passing() -> Run:
    """Every observation, in which all holds."""
    return {of: make() for of, make in HISTORIES.items() if of != EVERYTHING}


def plan_of(observations: Sequence[str]) -> list[Planned]:
    """All checks that are judged from one of these observations, and from the run as a whole."""
    return [planned for planned in PLAN if planned.observation in (*observations, EVERYTHING)]


def judged(run: Run) -> tuple[tuple[Judged, ...], Exit]:
    """All verdicts on a run, and its exit status."""
    evidence = read(one_run(run), plan_of(list(run)))
    verdicts = judge_run(SYSTEM, PROFILE, evidence)
    return verdicts, status_of(verdicts, evidence)


def passing_on(run: Run) -> list[Planned]:
    """The checks that are a PASS on a run: of a part of a run, those that have all they need in it."""
    evidence = read(run, plan_of(list(run)))
    return [planned for planned in evidence.plan if judge_planned(SYSTEM, PROFILE, evidence, planned).passed]


def survives(run: Run, plan: Sequence[Planned]) -> bool:
    """Whether nothing is seen: no damage, and a PASS of every check of the plan."""
    evidence = read(run, plan)
    if evidence.damage or not evidence.ended:
        return False
    return all(judge_planned(SYSTEM, PROFILE, evidence, planned).passed for planned in plan)


def read(run: Run, plan: Sequence[Planned]) -> Evidence:
    """A run signed as it stands, and read as its file would be; within `remembering`."""
    rows = [[planned.check, planned.subject, planned.observation] for planned in plan]
    return read_evidence("\n".join(written(run, rows)))


@contextmanager
def remembering() -> Iterator[None]:
    """Sign and parse each line once: almost all lines of a forged file are those of the honest one."""
    kept: dict[tuple[int, str, float, str, str], str] = {}

    def signed(n: int, of: str, t: float, kind: str, fields: dict[str, Any]) -> str:
        key = (n, of, t, kind, repr(fields))
        if key not in kept:
            kept[key] = sign(n, of, t, kind, fields)
        return kept[key]

    sign: Callable[..., str] = histories._line
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histories, "_line", signed)
        # What was forged is not made to fit: whose pods are whose is settled before.
        patch.setattr(histories, "one_run", lambda run: run)
        patch.setattr(reading, "_parse", lru_cache(maxsize=None)(reading._parse))
        patch.setattr(histories, "json", SimpleNamespace(loads=lru_cache(maxsize=None)(json.loads)))
        yield
