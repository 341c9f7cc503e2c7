"""Every static rule holds of our manifests, and sees the one thing that is changed in its twin, where it is changed."""

import pytest

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.catalogue import RULES
from kubeproof.rules.rule import prove
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import TWINS, declared

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def test_every_rule_has_a_name_of_its_own_a_law_a_source_and_a_twin():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule.law and rule.source and rule.nothing for rule in RULES)
    assert set(TWINS) == set(names)


@each_rule
def test_a_rule_holds_of_our_manifests(rule):
    proof = prove(rule, *declared(TWINS[rule.name].holds))
    assert proof.verdict.outcome is Outcome.PASS, proof.verdict.report()
    assert proof.verdict.evidence


@each_rule
def test_a_rule_sees_its_broken_twin_where_it_is_broken(rule):
    twin = TWINS[rule.name]
    proof = prove(rule, *declared(twin.change))
    assert proof.verdict.outcome is Outcome.FAIL, proof.verdict.report()
    seen = [each for each in proof.findings if each.outcome is Outcome.FAIL]
    at = [each for each in seen if each.subject.startswith(twin.subject) and each.field.startswith(twin.field)]
    assert at, proof.verdict.report()
    assert all(each.found and each.wanted and each.fix for each in seen)


@each_rule
def test_a_rule_without_a_place_to_look_at_proves_nothing(rule):
    proof = prove(rule, System("default", ()), Profile("default", "default"))
    assert (proof.verdict.outcome, proof.verdict.because) == (Outcome.SKIPPED, rule.nothing)
