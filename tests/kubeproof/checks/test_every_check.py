"""What holds for every check: its passing history, silence, a stranger as subject, the kinds of lines it reads."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from kubeproof.checks.catalogue import CHECKS, LIVE
from kubeproof.verdict import Outcome, passed
from tests.helpers.histories import lines
from tests.helpers.judge_tests import HISTORIES, HOMES, PLAN, TESTS, Judge, untested
from tests.helpers.shop import PROFILE, SYSTEM

SEEN = [planned for planned in PLAN if planned.observation in HISTORIES]
# What is about the system as a whole is about it whatever its name.
NAMED = [planned for planned in SEEN if planned.subject != PROFILE.system]


def planned_of(plan):
    return pytest.mark.parametrize("planned", plan, ids=lambda planned: f"{planned.check}-{planned.subject}")


def checks_of(checks):
    return pytest.mark.parametrize("check", checks, ids=lambda check: check.name)


def judged(planned, *, subject=None, history=None):
    history = HISTORIES[planned.observation]() if history is None else history
    return LIVE[planned.check].verdict(SYSTEM, PROFILE, subject or planned.subject, lines(planned.observation, history))


@planned_of(SEEN)
def test_a_history_in_which_all_holds_is_a_pass_with_evidence(planned):
    verdict = judged(planned)
    assert verdict.passed, verdict.report()
    assert any(fact.line is not None for fact in verdict.evidence)


@planned_of(SEEN)
def test_nothing_seen_is_unknown(planned):
    assert judged(planned, history=[]).outcome is Outcome.UNKNOWN


@planned_of(NAMED)
def test_a_subject_that_is_not_declared_is_unknown(planned):
    assert judged(planned, subject="nobody").outcome is Outcome.UNKNOWN


@checks_of(CHECKS)
def test_every_judge_is_tested(check):
    assert (sentence := untested(check, HOMES[check], TESTS)) is None, sentence


@checks_of([check for check in CHECKS if HOMES[check] in TESTS])
def test_a_check_reads_what_it_claims_to_read_and_nothing_else(check):
    judge = Judge(check, TESTS[HOMES[check]])
    assert not judge.misses(), f"{check.name} reads lines of a kind that its `reads` does not name: add it there"
    idle = [kind for kind in check.reads if not judge.reads(kind)]
    assert idle == [], (
        f"{check.name} claims to read {' and '.join(idle)}, and no verdict of its tests depends on it: take it out of"
        " `reads`, or write the history that shows it"
    )


PREMISES = [(check, premise) for check in CHECKS for premise in check.premises]


@pytest.mark.parametrize(
    ("check", "premise"), PREMISES, ids=[f"{check.name}-{premise.sentence}" for check, premise in PREMISES]
)
def test_without_a_premise_a_verdict_is_unknown_and_names_it(check, premise):
    judge = Judge(check, TESTS[HOMES[check]])
    of_premise = [premise.judge(SYSTEM, PROFILE, judge.planned.subject, history) for history in judge.histories]
    assert {found.outcome for found in of_premise} == {Outcome.PASS, Outcome.UNKNOWN}, (
        f"a premise of {check.name} is met or not seen: add the history without it to MISSING"
    )
    reason = f"not shown that {premise.sentence}: "
    without_it = [judge.verdict(history) for history in judge.histories]
    assert any(reason in verdict.because for verdict in without_it if verdict.outcome is Outcome.UNKNOWN)
    assert not any(verdict.passed for verdict, found in zip(without_it, of_premise, strict=True) if not found.passed)


INVENTED = replace(CHECKS[0], name="invented.check", judge=lambda *_: passed("always"))
NO_TESTS = SimpleNamespace(HISTORIES={})


@pytest.mark.parametrize(
    ("check", "tests", "sentence"),
    [
        (INVENTED, {}, "invented.check is not tested: give tests/kubeproof/checks/test_x.py HISTORIES with 'deploy'"),
        (INVENTED, {"kubeproof.checks.x": NO_TESTS}, "invented.check is not tested: give tests/kubeproof/checks/test"),
        (replace(INVENTED, subjects=lambda *_: ()), {}, "invented.check is about nothing in tests/helpers/shop.py"),
        (
            CHECKS[0],
            {"kubeproof.checks.x": SimpleNamespace(HISTORIES=HISTORIES)},
            f"{CHECKS[0].name} has no history that is FAIL: add one to BROKEN in tests/kubeproof/checks/test_x.py",
        ),
    ],
    ids=["no test module", "no history", "no subject", "no broken one"],
)
def test_a_check_that_nobody_tests_is_told_what_to_write(check, tests, sentence):
    assert untested(check, "kubeproof.checks.x", tests).startswith(sentence)


def test_a_kind_that_is_claimed_for_nothing_and_one_that_is_not_claimed_are_seen():
    check = CHECKS[0]
    tests = TESTS[HOMES[check]]
    assert not Judge(check, tests).reads("reach")
    assert Judge(replace(check, reads=check.reads[1:]), tests).misses()
