"""Every static rule holds of our manifests, and sees the one thing that is changed in its twin, where it is changed."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.catalogue import RULES
from kubeproof.rules.rule import Rule, prove
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import STATIC, Change, Twin, home, proof, twins, written

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
each_twin = pytest.mark.parametrize(("rule", "twin"), twins().items(), ids=list(twins()))
UNTOLD = [(rule, change, field) for rule, twin in twins().items() for change, field in twin.untold]


def twinless(rules: Iterable[Rule], twinned: Collection[str]) -> list[str]:
    """What to do about each rule that nothing was seen breaking."""
    return [
        f"{rule.name} has no twin: enter one into TWINS of tests/kubeproof/rules/{home(rule)}.py, "
        "one change to our manifests or profile that the rule must find broken, and where"
        for rule in rules
        if rule.name not in twinned
    ]


def test_every_rule_has_a_twin() -> None:
    assert twinless(RULES, twins()) == []


def test_a_rule_without_a_twin_is_told_with_what_to_do() -> None:
    new = replace(STATIC["static.quota"], name="static.new")
    assert twinless([STATIC["static.quota"], new], twins()) == [
        "static.new has no twin: enter one into TWINS of tests/kubeproof/rules/test_quotas.py, "
        "one change to our manifests or profile that the rule must find broken, and where"
    ]


def test_every_twin_is_of_a_rule_of_the_module_that_it_is_beside() -> None:
    strays = [
        (module, name)
        for module, entries in written().items()
        for name in entries
        if name not in STATIC or home(STATIC[name]) != module
    ]
    assert strays == []


def test_every_rule_has_a_name_of_its_own_a_law_and_a_source() -> None:
    assert len(STATIC) == len(RULES)
    assert all(rule.law and rule.source and rule.nothing for rule in RULES)


@each_twin
def test_a_rule_holds_of_our_manifests(rule: str, twin: Twin) -> None:
    found = proof(rule, *filter(None, (twin.holds,)))
    assert found.verdict.outcome is Outcome.PASS, found.verdict.report()
    assert found.verdict.evidence


@each_twin
def test_a_rule_sees_its_broken_twin_where_it_is_broken(rule: str, twin: Twin) -> None:
    found = proof(rule, twin.change)
    assert found.verdict.outcome is Outcome.FAIL, found.verdict.report()
    broken = [finding for finding in found.findings if finding.outcome is Outcome.FAIL]
    assert any(one.subject.startswith(twin.subject) and one.field.startswith(twin.field) for one in broken), (
        found.verdict.report()
    )
    assert all(finding.found and finding.wanted and finding.fix for finding in broken)


@pytest.mark.parametrize(("rule", "change", "field"), UNTOLD, ids=[rule for rule, _, _ in UNTOLD])
def test_what_is_not_told_is_unknown_and_says_what_would_tell(rule: str, change: Change, field: str) -> None:
    """What manifests and profile do not tell is never a quiet pass."""
    found = proof(rule, change)
    assert found.verdict.outcome is Outcome.UNKNOWN, found.verdict.report()
    unknown = [finding for finding in found.findings if finding.outcome is Outcome.UNKNOWN]
    assert any(finding.field.startswith(field) for finding in unknown)
    assert all(finding.fix for finding in unknown)


@each_rule
def test_a_rule_without_a_place_to_look_at_proves_nothing(rule: Rule) -> None:
    nothing = prove(rule, System("default", ()), Profile("default", "default"))
    assert (nothing.verdict.outcome, nothing.verdict.because) == (Outcome.SKIPPED, rule.nothing)
