"""The static rules about policies: each holds, is broken and cannot be told, and says where and why."""

from dataclasses import replace

import pytest

from kubeproof.manifests.system import System
from kubeproof.profile.intent import AllowedPair, Neighbour, Profile
from kubeproof.rules.network_policies import POLICY_PEERS_EXIST, POLICY_SELECTS
from kubeproof.rules.reachability import DNS_EGRESS, NO_UNINTENDED_PATH, REACHABILITY_INTENDED, STRANGER_DENIED
from kubeproof.rules.rule import Finding, prove
from kubeproof.verdict import Outcome
from tests.kubeproof.netpol.systems import PROFILE, system

REACHABILITY = (REACHABILITY_INTENDED, DNS_EGRESS, STRANGER_DENIED, NO_UNINTENDED_PATH)
RULES = {rule.name: rule for rule in (*REACHABILITY, POLICY_SELECTS, POLICY_PEERS_EXIST)}
SHOP, LEDGER, NIGHTLY = (f"podSelector: {{matchLabels: {{app: {name}}}}}" for name in ("shop", "ledger", "nightly"))
TO_DNS = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [%s]}"


def proved(rule: str, declared: System, profile: Profile = PROFILE) -> tuple[Outcome, list[Finding]]:
    """The outcome of a rule, and the findings that decided it."""
    proof = prove(RULES[rule], declared, profile)
    outcome = proof.verdict.outcome
    return outcome, [finding for finding in proof.findings if finding.outcome is outcome]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds_of_a_system_that_is_as_intended(rule: str) -> None:
    """With a place for everything it looked at; the ingress controller's namespace is one that the profile names."""
    outcome, findings = proved(rule, system(), replace(PROFILE, neighbours=(Neighbour("gate"),)))
    assert outcome is Outcome.PASS
    assert findings


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_without_a_place_to_look_at_is_skipped_with_its_reason(rule: str) -> None:
    """Nothing declared, nothing intended: nothing proved."""
    empty = System("market", ())
    assert proved(rule, empty, Profile("market", "market"))[0] is Outcome.SKIPPED


def test_an_intended_pair_that_is_shut_is_found_at_the_policy_that_shuts_it() -> None:
    """The whole finding."""
    outcome, findings = proved("static.reachability-intended", system(shop=f"{{{SHOP}, policyTypes: [Egress]}}"))
    assert (outcome, findings) == (
        Outcome.FAIL,
        [
            Finding(
                Outcome.FAIL,
                "NetworkPolicy/shop",
                "spec.egress",
                "blocked: shop may open no connection (selected for egress by closed, shop, without an egress rule); "
                "though ledger ingress[0] admits it",
                "shop -> ledger TCP 5432 allowed",
                "add an egress rule for shop -> ledger on TCP 5432",
                ("NetworkPolicy",),
            )
        ],
    )


def test_a_renamed_port_shuts_a_pair() -> None:
    """The seeded defect: the container's port has another name than the rule asks for."""
    spec = f"{{{NIGHTLY}, egress: [{{to: [{{{LEDGER}}}], ports: [{{port: postgres}}]}}]}}"
    outcome, findings = proved("static.reachability-intended", system(nightly=spec))
    assert (outcome, findings[0].subject, findings[0].field) == (Outcome.FAIL, "NetworkPolicy/nightly", "spec.egress")
    assert "nightly egress[0] names ledger, on other ports" in findings[0].found


def test_a_talk_with_nobody_is_broken() -> None:
    """A profile that names a workload wrongly must not pass for having nothing to check."""
    profile = replace(PROFILE, allowed=(AllowedPair("shop", "ledgre"),))
    outcome, findings = proved("static.reachability-intended", system(), profile)
    assert (outcome, findings[0].subject) == (Outcome.FAIL, "profile shop -> ledgre")


@pytest.mark.parametrize(("open_port", "shut"), [("protocol: UDP", "TCP"), ("protocol: TCP", "UDP")])
def test_dns_by_one_protocol_only_is_broken(open_port: str, shut: str) -> None:
    """Large answers come over TCP, the others over UDP."""
    rules = f"{{to: [{{{LEDGER}}}]}}, {TO_DNS % f'{{port: 53, {open_port}}}'}"
    outcome, findings = proved("static.dns-egress", system(shop=f"{{{SHOP}, egress: [{rules}]}}"))
    assert (outcome, [finding.wanted for finding in findings]) == (
        Outcome.FAIL,
        [f"shop -> cluster DNS {shut} 53 allowed"],
    )


def test_dns_by_a_label_that_nobody_tells_of_cannot_be_told_until_the_profile_does() -> None:
    """A label that some clusters put on the namespace, and others do not."""
    rules = f"{{to: [{{{LEDGER}}}]}}, {{to: [{{namespaceSelector: {{matchLabels: {{name: kube-system}}}}}}]}}"
    declared = system(shop=f"{{{SHOP}, egress: [{rules}]}}")
    assert proved("static.dns-egress", declared)[0] is Outcome.UNKNOWN
    bearing = replace(PROFILE, neighbours=(Neighbour("kube-system", (("name", "kube-system"),)),))
    assert proved("static.dns-egress", declared, bearing)[0] is Outcome.PASS
    without = replace(PROFILE, neighbours=(Neighbour("kube-system"),))
    assert proved("static.dns-egress", declared, without)[0] is Outcome.FAIL


def test_default_deny_deleted_lets_strangers_in() -> None:
    """Without any policy the finding stands at the workload; an entry is open to its own namespace, not to others."""
    outcome, findings = proved("static.stranger-denied", system(""))
    assert outcome is Outcome.FAIL
    assert {(finding.subject, finding.wanted.partition(" TCP")[0]) for finding in findings} == {
        ("Deployment/shop", "stranger -> shop"),
        ("Deployment/shop", "outside -> shop"),
        ("StatefulSet/ledger", "newcomer -> ledger"),
        ("StatefulSet/ledger", "stranger -> ledger"),
        ("StatefulSet/ledger", "outside -> ledger"),
    }


def test_two_peers_where_one_was_meant_let_strangers_in() -> None:
    """The seeded defect: a dash too many, and every namespace is a peer of its own."""
    spec = f"{{{LEDGER}, ingress: [{{from: [{{namespaceSelector: {{}}}}, {{{SHOP}}}]}}]}}"
    outcome, findings = proved("static.stranger-denied", system(ledger=spec))
    assert (outcome, findings[0].subject, findings[0].field) == (
        Outcome.FAIL,
        "NetworkPolicy/ledger",
        "spec.ingress[0]",
    )
    assert [finding.wanted for finding in findings] == ["stranger -> ledger TCP 5432 blocked"]


def test_an_egress_rule_for_everything_is_an_unintended_path() -> None:
    """The seeded defect `- {}`, found at the rule."""
    outcome, findings = proved("static.no-unintended-path", system(leak=f"{{{LEDGER}, egress: [{{}}]}}"))
    assert outcome is Outcome.FAIL
    assert {(finding.subject, finding.field) for finding in findings} == {("NetworkPolicy/leak", "spec.egress[0]")}
    assert "ledger -> outside TCP 443 blocked" in [finding.wanted for finding in findings]


def test_a_pair_that_only_one_side_opens_is_explained_where_the_rule_is() -> None:
    """It is blocked, as the intent has it; and the finding says that the other side admits it."""
    spec = f"{{{LEDGER}, ingress: [{{from: [{{{SHOP}}}, {{{NIGHTLY}}}]}}]}}"
    profile = replace(PROFILE, allowed=(AllowedPair("shop", "ledger"),))
    shut = system(ledger=spec, nightly=f"{{{NIGHTLY}, policyTypes: [Egress]}}")
    outcome, findings = proved("static.no-unintended-path", shut, profile)
    assert outcome is Outcome.PASS
    (pair,) = [finding for finding in findings if finding.wanted == "nightly -> ledger TCP 5432 blocked"]
    assert pair.found.endswith("though ledger ingress[0] admits it")


def test_a_misspelt_selector_selects_nobody() -> None:
    """The policy closes nothing, whatever it says."""
    outcome, findings = proved("static.policy-selects", system(odd="{podSelector: {matchLabels: {app: legder}}}"))
    assert (outcome, [str(finding) for finding in findings]) == (
        Outcome.FAIL,
        [
            "NetworkPolicy/odd spec.podSelector: no pod has app=legder in namespace market, wanted pods that it "
            "selects; select labels that a pod template has; a policy that selects nobody closes nothing"
        ],
    )


PEER = "spec.ingress[0].from[0]"
GATE = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: gate}}}"
SHPO = "{podSelector: {matchLabels: {app: shpo}}}"
NEVER = "{podSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}"


@pytest.mark.parametrize(
    ("rule", "outcome", "field", "found"),
    [
        (
            "{from: [{podSelector: {matchLabels: {app: shpo}}}]}",
            "FAIL",
            PEER,
            "no pod of namespace market has app=shpo",
        ),
        (f"{{from: [{NEVER}]}}", "FAIL", PEER, "pods a, !a is nobody: it contradicts itself"),
        (
            "{from: [{ipBlock: {cidr: 10.0.0.0/30, except: [10.0.0.0/31, 10.0.0.2/31]}}]}",
            "FAIL",
            PEER,
            "10.0.0.0/30 without 10.0.0.0/31, 10.0.0.2/31 is nobody: it contradicts itself",
        ),
        ("{ports: [{port: sqll}]}", "FAIL", "spec.ingress[0].ports[0].port", "no TCP port sqll at ledger"),
        ("{ports: [{port: sql, protocol: UDP}]}", "FAIL", "spec.ingress[0].ports[0].port", "no UDP port sql at ledger"),
        (
            f"{{from: [{GATE}]}}",
            "UNKNOWN",
            PEER,
            "no namespace is known that has kubernetes.io/metadata.name=gate",
        ),
    ],
)
def test_a_peer_or_port_that_nobody_is(rule: str, outcome: str, field: str, found: str) -> None:
    """What is misspelt here is broken; a namespace of somebody else's cannot be told until the profile names it."""
    profile = replace(PROFILE, neighbours=(Neighbour("gate"),)) if outcome == "FAIL" else PROFILE
    got, findings = proved("static.policy-peers-exist", system(odd=f"{{{LEDGER}, ingress: [{rule}]}}"), profile)
    (odd,) = [finding for finding in findings if finding.subject == "NetworkPolicy/odd"]
    assert (got.value, odd.field, odd.found) == (outcome, field, found)


def test_an_egress_port_name_is_looked_for_at_whom_the_rule_reaches() -> None:
    """The name is the target's, and of several targets one that has it is enough."""
    profile = replace(PROFILE, neighbours=(Neighbour("gate"),))
    spec = f"{{{NIGHTLY}, egress: [{{to: [{{podSelector: {{}}}}], ports: [{{port: %s}}]}}]}}"
    assert proved("static.policy-peers-exist", system(odd=spec % "sql"), profile)[0] is Outcome.PASS
    outcome, findings = proved("static.policy-peers-exist", system(odd=spec % "postgres"), profile)
    assert (outcome, findings[0].found) == (Outcome.FAIL, "no TCP port postgres at shop, ledger, nightly")
