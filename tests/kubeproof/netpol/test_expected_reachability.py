"""Expected reachability: the matrix of a declared system beside its intent, and our own system's odd pair."""

from dataclasses import replace
from pathlib import Path

import yaml

from kubeproof.manifests.reading import read_system
from kubeproof.netpol.expected_reachability import ExpectedReachability, expected_reachability
from kubeproof.netpol.reach import Reach
from kubeproof.profile.intent import AllowedPair
from kubeproof.profile.reading import read_profile
from tests.kubeproof.netpol.systems import PROFILE, system

ROOT = Path(__file__).resolve().parents[3]


def cells(expected: ExpectedReachability, kind: str) -> list[str]:
    """The cells of one list, as text."""
    return [str(cell) for cell in getattr(expected, kind)]


def test_a_system_that_is_as_intended_is_drawn_without_brackets() -> None:
    """The whole text: workloads, what is around them, and the peer that only a policy names."""
    assert expected_reachability(system(), PROFILE).text().splitlines() == [
        "           shop    ledger   cluster DNS  newcomer  stranger  outside  gate/*",
        "shop         -        .          .          X         X         X        X",
        "ledger       X        -          X          X         X         X        X",
        "nightly      X        .          .          X         X         X        X",
        "newcomer     X        X          -          -         -         -        -",
        "stranger     X        X          -          -         -         -        -",
        "outside      X        X          -          -         -         -        -",
        "gate/*       .        X          -          -         -         -        -",
    ]


def test_without_policies_all_that_the_intent_does_not_say_is_unintended() -> None:
    """Nothing is missing, and every other way is open."""
    expected = expected_reachability(system(""), PROFILE)
    assert cells(expected, "missing") == []
    assert {"stranger -> ledger TCP 5432", "shop -> outside TCP 443", "ledger -> shop TCP 8080"} <= set(
        cells(expected, "unintended")
    )
    # Traffic enters the system at an entry: from the namespace that is open, from a stranger it is not intended.
    assert "newcomer -> shop TCP 8080" not in cells(expected, "unintended")
    assert "stranger -> shop TCP 8080" in cells(expected, "unintended")


def test_an_allowed_pair_that_the_policies_block_is_missing_with_the_reason() -> None:
    """And the ingress rule that would let it in is named."""
    expected = expected_reachability(
        system(shop="{podSelector: {matchLabels: {app: shop}}, policyTypes: [Egress]}"), PROFILE
    )
    assert cells(expected, "missing") == [
        "shop -> ledger TCP 5432",
        "shop -> cluster DNS UDP 53",
        "shop -> cluster DNS TCP 53",
    ]
    assert expected.missing[0].decision.reason == (
        "blocked: shop may open no connection (selected for egress by closed, shop, without an egress rule); though "
        "ledger ingress[0] admits it"
    )
    assert "[X]" in expected.text()


def test_a_rule_that_opens_everything_is_found_on_ports_that_nobody_declares() -> None:
    """An egress rule without peers leads out on every port, one with a port on that port."""
    out = "{podSelector: {matchLabels: {app: shop}}, policyTypes: [Egress], egress: [%s]}"
    wide = cells(expected_reachability(system(leak=out % "{}"), PROFILE), "unintended")
    assert "shop -> outside TCP 443" in wide
    narrow = cells(expected_reachability(system(leak=out % "{ports: [{port: 6667}]}"), PROFILE), "unintended")
    assert "shop -> outside TCP 6667" in narrow
    assert "shop -> outside TCP 443" not in narrow


def test_a_peer_that_nobody_declares_stands_in_the_matrix() -> None:
    """Pods by namespace and label, and an address of a block outside its exceptions."""
    spec = """
        podSelector: {matchLabels: {app: ledger}}
        ingress:
          - from:
              - namespaceSelector: {matchLabels: {team: ops}}
                podSelector: {matchExpressions: [{key: role, operator: Exists}]}
              - ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.0/25]}
              - podSelector: {matchLabels: {app: ghost}}
    """
    expected = expected_reachability(system(peers=spec), PROFILE)
    assert expected.sources[-4:] == ("gate/*", "team=ops/role", "198.51.100.255", "market/app=ghost")
    assert cells(expected, "unintended") == ["team=ops/role -> ledger TCP 5432", "198.51.100.255 -> ledger TCP 5432"]
    assert cells(expected, "one_sided") == ["market/app=ghost -> ledger TCP 5432"]


def test_what_the_manifests_do_not_tell_is_undecided() -> None:
    """Nothing says which labels the namespace of the cluster's DNS has."""
    spec = """
        podSelector: {matchLabels: {app: shop}}
        egress:
          - {to: [{podSelector: {matchLabels: {app: ledger}}}]}
          - {to: [{namespaceSelector: {matchLabels: {name: kube-system}}}]}
    """
    expected = expected_reachability(system(shop=spec), PROFILE)
    assert cells(expected, "undecided") == ["shop -> cluster DNS UDP 53", "shop -> cluster DNS TCP 53"]
    assert expected.undecided[0].decision.reason == (
        "cannot tell: nothing says whether namespace kube-system has the label name"
    )


def test_an_allowed_pair_between_nobody_is_dangling() -> None:
    """The intent names what nothing declares, or what declares no port."""
    profile = replace(PROFILE, allowed=(AllowedPair("shop", "ledgre"), AllowedPair("ledger", "nightly")))
    expected = expected_reachability(system(), profile)
    assert expected.dangling == (("shop", "ledgre"), ("ledger", "nightly"))
    assert expected.text().splitlines()[-1] == "no such pair        ledger -> nightly"


def test_the_policies_of_our_own_system_say_what_its_intent_says() -> None:
    """Nothing is missing, open or undecided; and the pair that the architecture opens on one side only is explained."""
    manifests = yaml.safe_load_all((ROOT / "manifests/k8s.yaml").read_text())
    expected = expected_reachability(read_system(manifests), read_profile(ROOT / "kubeproof.toml"))
    assert (expected.missing, expected.unintended, expected.undecided, expected.dangling) == ((), (), (), ())
    (pair,) = [cell for cell in expected.one_sided if cell.target == "postgres"]
    assert str(pair) == "microservice-2 -> postgres TCP 5432"
    assert pair.decision.reason.startswith("blocked: microservice-2 has no egress rule to postgres")
    assert pair.decision.reason.endswith("; though postgres ingress[0] admits it")


def test_a_peer_of_namespaces_admits_more_than_the_pods_that_are_declared() -> None:
    """The DNS in kube-system only answers, and the system's own pods are not the only ones of a labelled namespace."""
    spec = "{podSelector: {matchLabels: {app: ledger}}, ingress: [{from: [{namespaceSelector: {matchLabels: %s}}]}]}"
    system_pods = expected_reachability(system(odd=spec % "{kubernetes.io/metadata.name: kube-system}"), PROFILE)
    assert cells(system_pods, "unintended") == ["kube-system/* -> ledger TCP 5432"]
    sales = expected_reachability(system(odd=spec % "{team: sales}"), PROFILE)
    assert cells(sales, "unintended") == ["team=sales/* -> ledger TCP 5432"]


def test_a_way_out_to_all_of_the_dns_namespace_is_open_at_its_ports_alone() -> None:
    """The DNS is often known by its namespace; on other ports that is a way to somebody else."""
    out = "{podSelector: {matchLabels: {app: shop}}, egress: [{to: [{namespaceSelector: {matchLabels: %s}}]}]}"
    expected = expected_reachability(system(odd=out % "{kubernetes.io/metadata.name: kube-system}"), PROFILE)
    assert "shop -> kube-system/* TCP 443" in cells(expected, "unintended")
    assert "shop -> kube-system/* UDP 53" not in cells(expected, "unintended")


def test_workloads_of_one_name_in_two_namespaces_are_two_ends() -> None:
    """The profile speaks of the one in its namespace; the other is called by its namespace as well."""
    declared = system("")
    [shop] = [workload for workload in declared.workloads if workload.name == "shop"]
    beside = replace(declared, workloads=(*declared.workloads, replace(shop, namespace="other")))
    pairs = {str(cell): cell.wanted for cell in expected_reachability(beside, PROFILE).cells}
    assert pairs["shop -> other/shop TCP 8080"] is Reach.BLOCKED
    assert pairs["other/shop -> ledger TCP 5432"] is Reach.BLOCKED
    assert pairs["shop -> ledger TCP 5432"] is Reach.ALLOWED


def test_replicas_are_a_pair_where_the_intent_says_so() -> None:
    """Two pods of one workload, never one and itself: the policies decide them like any other pair."""
    profile = replace(PROFILE, allowed=(*PROFILE.allowed, AllowedPair("shop", "shop")))
    closed = expected_reachability(system(), profile)
    assert closed.dangling == ()
    assert cells(closed, "missing") == ["shop -> shop TCP 8080"]
    assert "another shop" in closed.missing[0].decision.reason
    assert cells(expected_reachability(system(""), profile), "missing") == []
