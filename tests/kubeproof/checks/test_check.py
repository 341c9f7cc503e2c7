"""A check's verdict is its law's, and stands on its premises."""

from dataclasses import replace

import pytest

from kubeproof.checks.catalogue import CHECKS
from kubeproof.checks.check import Premise
from kubeproof.verdict import Fact, Outcome, Verdict, failed, passed, unknown
from tests.helpers.shop import PROFILE, SYSTEM

FACT = Fact(1, "seen")
HOLDS, BROKEN, UNCLEAR = passed("it holds", FACT), failed("it is broken", FACT), unknown("it is unclear")
SKIPPED = Verdict(Outcome.SKIPPED, "not here")
MET, UNMET = passed("it was", FACT), unknown("it was not", FACT)


def verdict(law, *premises, of_failure=False):
    told = tuple(Premise(f"premise {n}", lambda *_, p=p: p, of_failure) for n, p in enumerate(premises))
    return replace(CHECKS[0], judge=lambda *_: law, premises=told).verdict(SYSTEM, PROFILE, "shop", ())


@pytest.mark.parametrize(
    ("law", "premises", "of_failure", "outcome"),
    [
        (HOLDS, [], False, Outcome.PASS),
        (HOLDS, [MET, MET], False, Outcome.PASS),
        (HOLDS, [MET, UNMET], False, Outcome.UNKNOWN),
        (BROKEN, [UNMET], False, Outcome.FAIL),
        (BROKEN, [UNMET], True, Outcome.UNKNOWN),
        (BROKEN, [MET], True, Outcome.FAIL),
        (UNCLEAR, [MET], False, Outcome.UNKNOWN),
        (SKIPPED, [UNMET], True, Outcome.SKIPPED),
    ],
)
def test_a_premise_that_is_not_met_takes_a_pass_and_a_failure_that_needs_it(law, premises, of_failure, outcome):
    assert verdict(law, *premises, of_failure=of_failure).outcome is outcome


def test_the_reason_names_each_premise_that_is_not_met_and_what_the_law_could_not_tell():
    found = verdict(UNCLEAR, UNMET, MET, UNMET)
    assert found.because == (
        "not shown that premise 0: it was not; not shown that premise 2: it was not; it is unclear"
    )
    assert found.evidence == (FACT, FACT)


def test_a_verdict_has_its_premises_with_what_was_found_of_them():
    found = verdict(HOLDS, MET, UNMET)
    assert [(held.sentence, held.verdict) for held in found.premises] == [("premise 0", MET), ("premise 1", UNMET)]
    assert verdict(SKIPPED, MET).premises == ()
