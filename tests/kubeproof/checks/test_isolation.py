"""isolation.reachability on histories: a matrix of who connected, its controls, and the canary."""

from dataclasses import replace

from kubeproof.checks.isolation import REACHABILITY
from kubeproof.profile.intent import AllowedPair
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    plus,
    without,
)
from tests.helpers.shop import PROFILE


def reach(role: str, source: str, target: str, port: int, outcome: str, words: str = "") -> Moment:
    fields = {"role": role, "source": source, "target": target, "port": port, "outcome": outcome}
    return 1.0, "reach", {**fields, "says": words, "seconds": 0.012}


def reachability() -> History:
    return [
        reach("canary", "stranger", "listener", 8080, "connected"),
        reach("canary", "stranger", "walled", 8080, "timeout"),
        reach("control", "client", "shop", 7000, "connected"),
        reach("cell", "shop", "ledger", 7001, "connected"),
        reach("cell", "ledger", "shop", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "shop", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "ledger", 7001, "timeout", "timed out"),
    ]


HISTORIES = {"reachability": reachability}
judged = judging(HISTORIES)

BROKEN = {
    "undeclared pair talks": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
        "1 of 4 wrong, 0 unknown",
    ),
    "declared pair cannot talk": (
        REACHABILITY,
        both(
            changed("reach", {"role": "cell", "source": "shop"}, outcome="timeout"),
            plus(reach("control", "client", "ledger", 7001, "connected")),
            plus(reach("control", "shop", "shop", 7000, "connected")),
        ),
        "1 of 4 wrong, 0 unknown",
    ),
}
MISSING = {
    "no canary": (REACHABILITY, without("reach", role="canary"), "canary"),
    "canary reaches nothing": (
        REACHABILITY,
        changed("reach", {"target": "listener"}, outcome="timeout"),
        "did not reach its listener",
    ),
    "not enforced": (
        REACHABILITY,
        changed("reach", {"target": "walled"}, outcome="connected"),
        "does not enforce NetworkPolicy",
    ),
    "need unmet": (
        REACHABILITY,
        plus((0.0, "need", {"need": "policies", "met": False, "says": "none"})),
        "needs policies: none",
    ),
    "cell missing": (REACHABILITY, without("reach", source="ledger"), "0 of 4 wrong, 1 unknown"),
    "cell not observed": (
        REACHABILITY,
        changed("reach", {"source": "ledger"}, outcome="not-observed"),
        "0 of 4 wrong, 1 unknown",
    ),
    "blocked without a control": (REACHABILITY, without("reach", role="control"), "0 of 4 wrong, 2 unknown"),
    "declared, its source connects nowhere": (
        REACHABILITY,
        both(
            changed("reach", {"role": "cell", "source": "shop"}, outcome="timeout"),
            plus(reach("control", "client", "ledger", 7001, "connected")),
        ),
        "0 of 4 wrong, 1 unknown",
    ),
}
WRONG_AND_UNSEEN = both(
    changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
    without("reach", source="ledger"),
)
WORST_WINS = {"a cell wrong, a cell missing": (REACHABILITY, WRONG_AND_UNSEEN)}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))


def test_a_declared_pair_that_nothing_can_try_is_unknown():
    profile = replace(PROFILE, allowed=(*PROFILE.allowed, AllowedPair("shop", "elsewhere")))
    verdict = judged(REACHABILITY, profile=profile)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "shop -> elsewhere" in verdict.report()


def test_the_matrix_shows_wrong_cells_in_brackets_and_unseen_ones_as_questions():
    matrix = judged(REACHABILITY, WRONG_AND_UNSEEN).evidence[0]
    assert matrix.message.splitlines() == [
        "           shop    ledger",
        "shop         -        .",
        "ledger       ?        -",
        "stranger     X       [.]",
    ]
