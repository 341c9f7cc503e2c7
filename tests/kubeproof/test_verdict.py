"""Outcomes have an order, a PASS has evidence, and nothing merged is nothing known."""

import pytest

from kubeproof.verdict import Fact, Outcome, Verdict, exit_status, failed, merge, passed, unknown

SEEN = Fact(3, "seen")
PASS, FAIL, UNKNOWN = passed("holds", SEEN), failed("broken", SEEN), unknown("not seen")
SKIPPED = Verdict(Outcome.SKIPPED, "not asked for")


def test_a_pass_without_evidence_cannot_be_made():
    with pytest.raises(ValueError, match="needs evidence"):
        Verdict(Outcome.PASS, "trust me")


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([], Outcome.UNKNOWN),
        ([PASS, PASS], Outcome.PASS),
        ([PASS, SKIPPED], Outcome.SKIPPED),
        ([SKIPPED, UNKNOWN, PASS], Outcome.UNKNOWN),
        ([UNKNOWN, FAIL, PASS], Outcome.FAIL),
    ],
)
def test_the_worst_wins(verdicts, worst):
    assert merge(verdicts).outcome is worst


def test_a_merge_gives_the_reasons_of_the_worst_and_the_evidence_of_all_that_does_not_hold():
    other = failed("broken too", Fact(9, "elsewhere"))
    unseen = unknown("unseen", Fact(4, "dark"))
    facts = (SEEN, Fact(9, "elsewhere"), Fact(4, "dark"))
    assert merge([PASS, unseen, FAIL, other]) == failed("broken; broken too", *facts)
    assert merge([PASS, PASS]).evidence == (SEEN, SEEN)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [([], 2), ([SKIPPED], 2), ([PASS], 0), ([PASS, SKIPPED], 0), ([PASS, UNKNOWN], 2), ([UNKNOWN, FAIL, PASS], 1)],
)
def test_the_exit_status_is_the_documented_one(verdicts, status):
    assert exit_status(verdicts) == status


def test_a_report_names_outcome_reason_and_line():
    assert failed("broken", SEEN, Fact(None, "declared")).report() == "FAIL: broken\n  line 3: seen\n  declared"
