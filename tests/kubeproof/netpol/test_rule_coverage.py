"""Rule coverage: whether each peer and port of each rule is covered, untestable or dead, and why."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubeproof.manifests.containers import Container, Port
from kubeproof.manifests.policies import Direction, IpBlock, NetworkPolicy, PolicyPort, PolicyRule
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Network
from kubeproof.netpol.expected_reachability import expected_reachability
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.rule_coverage import Coverage, ItemCoverage, rule_coverage, without
from kubeproof.netpol.topology import OUTSIDE, STRANGER, topology_of
from kubeproof.profile.intent import Profile
from tests.kubeproof.netpol import strategies as some
from tests.kubeproof.netpol.systems import PROFILE, system

# No address is known, so nobody can tell whom it lets out to: it is not dead, though nothing shows it.
BY_ADDRESS = NetworkPolicy(
    "x", "p", types=(Direction.EGRESS,), egress=(PolicyRule((IpBlock("10.0.0.0/30"),), (PolicyPort("UDP"),)),)
)
SERVER = Container("server", "server:1", (Port("web", 80), Port("dns", 81, "UDP")))
LEDGER = "podSelector: {matchLabels: {app: ledger}}"
NOBODY = "{podSelector: {matchLabels: {app: legder}}, ingress: [{}]}"
RANGE = "{podSelector: {matchLabels: {app: shop}}, ingress: [{ports: [{port: 8080}, {port: 8000, endPort: 9000}]}]}"


def found(policy: str, **changed: str) -> dict[str, tuple[Coverage, str]]:
    """The coverage of the items of one policy, by their field."""
    entries = rule_coverage(topology_of(system(**changed), PROFILE))
    return {entry.item.field: (entry.coverage, entry.reason) for entry in entries if entry.item.policy.name == policy}


def test_every_item_in_use_is_covered_by_a_flow_that_flips() -> None:
    """And taking the item away really blocks the flow that is named."""
    topology = topology_of(system(), PROFILE)
    entries = rule_coverage(topology)
    covered = [entry for entry in entries if entry.coverage is Coverage.COVERED]
    assert [str(entry.item) for entry in entries if entry not in covered] == [
        "shop ingress[0].from[0] (pods all of namespaces kubernetes.io/metadata.name=gate)",
        "shop ingress[0].ports[0] (TCP http)",
    ]
    for entry in covered:
        assert entry.flow is not None
        before, after = reaches(topology.network, entry)
        assert (before, after is not Reach.ALLOWED) == (Reach.ALLOWED, True)


def reaches(network: Network, entry: ItemCoverage) -> tuple[Reach, Reach]:
    """The flow that covers an item, with the item and without."""
    assert entry.flow is not None
    left = tuple(without(entry.item) if policy is entry.item.policy else policy for policy in network.policies)
    return decide(network, entry.flow).reach, decide(Network(left, network.namespaces), entry.flow).reach


def test_what_only_a_synthetic_peer_would_show_is_untestable() -> None:
    """The ingress controller is not among the manifests."""
    coverage, reason = found("shop")["spec.ingress[0].from[0]"]
    assert (coverage, reason) == (Coverage.UNTESTABLE, "nothing declared shows it, only gate/* -> shop TCP 8080")


def test_what_the_other_direction_blocks_is_untestable_with_that_reason() -> None:
    """The pair of the seed."""
    shut = found("shut", shut=f"{{{LEDGER}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: closed}}}}}}]}}]}}")
    coverage, reason = shut["spec.ingress[0].from[0]"]
    assert coverage is Coverage.UNTESTABLE
    assert reason == (
        "market/app=closed -> ledger TCP 5432 is blocked: market/app=closed may open no connection (selected for "
        "egress by closed, without an egress rule); though shut ingress[0] admits it"
    )


@pytest.mark.parametrize(
    ("spec", "field", "reason"),
    [
        (
            f"{{{LEDGER}, policyTypes: [Ingress], egress: [{{}}]}}",
            "spec.egress[0]",
            "policyTypes does not list Egress",
        ),
        (
            "{podSelector: {matchLabels: {app: legder}}, ingress: [{}]}",
            "spec.ingress[0]",
            "the policy selects no workload",
        ),
        (
            f"{{{LEDGER}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: shop}}}}}}]}}]}}",
            "spec.ingress[0].from[0]",
            "all that it admits is admitted by other rules, as shop -> ledger TCP 5432 by one of ledger",
        ),
        (
            f"{{{LEDGER}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: shop}}, "
            "matchExpressions: [{key: app, operator: NotIn, values: [shop]}]}}]}]}",
            "spec.ingress[0].from[0]",
            "nothing can match it",
        ),
        (
            f"{{{LEDGER}, ingress: [{{ports: [{{port: sqll}}]}}]}}",
            "spec.ingress[0].ports[0]",
            "no port of what it reaches matches it",
        ),
        (RANGE, "spec.ingress[0].ports[0]", "all that it admits is admitted by other ports beside it"),
    ],
)
def test_a_dead_item_says_why(spec: str, field: str, reason: str) -> None:
    """Not in force, selecting nobody, doubled, impossible, misspelt, covered by a range."""
    assert found("odd", odd=spec)[field] == (Coverage.DEAD, reason)


def test_a_range_beside_one_of_its_numbers_is_shown_by_another_number() -> None:
    """On a port that nobody declares, which is why it cannot be shown live."""
    coverage, reason = found("odd", odd=RANGE)["spec.ingress[0].ports[1]"]
    assert coverage is Coverage.UNTESTABLE
    assert reason.startswith("nothing declared shows it, only ")


def test_taking_the_last_peer_takes_the_rule() -> None:
    """An empty list would admit everyone."""
    entries = rule_coverage(topology_of(system(), PROFILE))
    items = {str(entry.item).partition(" (")[0]: entry.item for entry in entries}
    assert without(items["shop ingress[0].from[0]"]).rules(Direction.INGRESS) == ()
    two = items["ledger ingress[0].from[0]"]
    assert without(two).ingress == (PolicyRule(peers=two.policy.ingress[0].peers[1:]),)


@settings(max_examples=20, deadline=None)
@given(st.lists(some.policies, min_size=1, max_size=3))
@example([BY_ADDRESS])
def test_a_covering_flow_flips_and_what_is_dead_changes_no_cell(policies: list[NetworkPolicy]) -> None:
    """Of any policies: only a covered item admits its flow, and without a dead one no cell is another."""
    named = tuple(replace(policy, name=f"p{n}") for n, policy in enumerate(policies))
    workloads = tuple(
        Workload("Deployment", f"{space}-{value}", (("app", value),), (), 1, (SERVER,), namespace=space)
        for space in some.SPACES
        for value in some.VALUES
    )
    declared = System("x", workloads, policies=named)
    topology = topology_of(declared, Profile("x", "x"))
    before = seen(declared)
    for entry in rule_coverage(topology):
        if entry.coverage is Coverage.COVERED:
            with_it, without_it = reaches(topology.network, entry)
            assert with_it is Reach.ALLOWED
            assert without_it is not Reach.ALLOWED
        if entry.coverage is Coverage.DEAD:
            left = tuple(without(entry.item) if policy is entry.item.policy else policy for policy in named)
            after = seen(replace(declared, policies=left))
            assert {cell: reach for cell, reach in after.items() if before.get(cell, reach) is not reach} == {}


def seen(declared: System) -> dict[str, Reach]:
    """The answers between workloads, a stranger and the world; synthetic peers come and go with the policies."""
    ends = {*(workload.name for workload in declared.workloads), STRANGER, OUTSIDE}
    expected = expected_reachability(declared, Profile("x", "x"))
    return {str(cell): cell.seen for cell in expected.cells if {cell.source, cell.target} <= ends}
