"""The matrix of a declared system for a terminal, and what of its policies no pair shows."""

from kubeproof.netpol.expected_reachability import expected_reachability
from kubeproof.netpol.rule_coverage import rule_coverage
from kubeproof.netpol.topology import topology_of
from kubeproof.profile.intent import Profile
from kubeproof.report.pairs import pairs_text
from tests.kubeproof.netpol.systems import PROFILE, system


def told(profile: Profile, *, has_intent: bool, **policies: str) -> list[str]:
    """The text on a system with these policies beside those it has."""
    declared = system(**policies)
    found = rule_coverage(topology_of(declared, profile))
    return pairs_text(expected_reachability(declared, profile), found, has_intent=has_intent).splitlines()


def test_the_matrix_stands_under_its_legend_and_before_what_no_pair_shows() -> None:
    dead = "{podSelector: {matchLabels: {app: legder}}, ingress: [{}]}"
    lines = told(PROFILE, has_intent=True, dead=dead)
    assert lines[0].endswith("- not asked   [ ] not as intended")
    assert lines[2].split() == ["shop", "ledger", "cluster", "DNS", "newcomer", "stranger", "outside", "gate/*"]
    assert lines[-4].endswith("peers and ports of the policies are shown at work by a declared pair.")
    assert lines[-1] == (
        "dead                dead ingress[0] (everyone, on every port)  the policy selects no workload"
    )


def test_a_pair_that_is_not_as_intended_is_in_brackets_with_its_reason() -> None:
    open_ = "{podSelector: {matchLabels: {app: ledger}}, ingress: [{}]}"
    lines = told(PROFILE, has_intent=True, open=open_)
    assert any(line.startswith("not in the intent   stranger -> ledger TCP 5432  allowed: ") for line in lines)
    assert "[.]" in "\n".join(lines)


def test_without_an_intent_nothing_is_called_other_than_intended() -> None:
    lines = told(Profile("market", "market"), has_intent=False)
    assert "intended" not in lines[0]
    assert not any("[." in line or "not in the intent" in line for line in lines[:10])


def test_without_policies_there_is_nothing_to_show() -> None:
    profile = Profile("market", "market")
    declared = system("")
    text = pairs_text(expected_reachability(declared, profile), (), has_intent=False)
    assert text.endswith("There is no NetworkPolicy.")
