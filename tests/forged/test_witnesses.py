"""Files whose witnesses were silent, or whose clock turned back: signed anew line by line, and never exit 0."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kubeproof.conclusion import status_of
from kubeproof.evidence.reading import read_evidence
from kubeproof.judging import judge_run
from kubeproof.verdict import Exit
from tests.forged.run import passing, plan_of
from tests.helpers.histories import resigned, revouched, written
from tests.helpers.shop import PROFILE, SYSTEM

Line = dict[str, Any]
# Observations that are watched.
WATCHED = ("deploy", "restart:ledger", "config", "rollout:shop")


def signed_anew(observation: str, forge: Callable[[list[Line]], list[Line]]) -> str:
    """The file of one observation after the lines of it were forged: counts, checksums and digests are right again."""
    plan = [[planned.check, planned.subject, planned.observation] for planned in plan_of([observation])]
    lines = forge([json.loads(row) for row in written({observation: passing()[observation]}, plan)])
    mine = sum(line["of"] == observation for line in lines)
    for n, line in enumerate(lines):
        line["n"] = n
        if line["kind"] == "observe.end":
            line["lines"] = mine
    return "\n".join(revouched([resigned(json.dumps(line)) for line in lines]))


def status(text: str) -> Exit:
    evidence = read_evidence(text)
    return status_of(judge_run(SYSTEM, PROFILE, evidence), evidence)


def passes(text: str, observation: str) -> list[str]:
    """The checks of an observation that are a PASS."""
    evidence = read_evidence(text)
    verdicts = judge_run(SYSTEM, PROFILE, evidence)
    mine = {
        (planned.check, planned.subject) for planned in plan_of([observation]) if planned.observation == observation
    }
    return [one.check for one in verdicts if one.verdict.passed and (one.check, one.subject) in mine]


def missed_something(lines: list[Line]) -> list[Line]:
    return [{**line, "caught": False} if line["kind"] == "bookmark" else line for line in lines]


def said_nothing(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["kind"] != "bookmark"]


def one_said_nothing(lines: list[Line]) -> list[Line]:
    return [line for line in lines if (line["kind"], line.get("watch")) != ("bookmark", "pod")]


def turned_back(lines: list[Line]) -> list[Line]:
    place = next(n for n, line in enumerate(lines) if line["kind"] == "observe.end")
    lines[place]["t"] = lines[place - 1]["t"] - 0.5
    return lines


FORGERIES = {
    "watches that missed something": missed_something,
    "watches of which nothing was heard": said_nothing,
    "one watch of which nothing was heard": one_said_nothing,
    "a clock that ran backward": turned_back,
}


@pytest.mark.parametrize("observation", WATCHED)
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_silent_witnesses_leave_no_pass(observation: str, forge: Callable[[list[Line]], list[Line]]) -> None:
    assert passes(signed_anew(observation, lambda lines: lines), observation)
    forged = signed_anew(observation, forge)
    assert passes(forged, observation) == []
    assert status(forged) is not Exit.HOLDS
