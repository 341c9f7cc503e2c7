"""Witness coverage: what each peer and port of each rule is worth, and why the worthless ones are."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubeproof.manifests.containers import Container, Port
from kubeproof.manifests.policies import Direction, IpBlock, NetworkPolicy, PolicyPort, Rule
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Network
from kubeproof.netpol.expected_reachability import on_paper
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.rule_coverage import Witness, Worth, without, witnesses
from kubeproof.netpol.topology import OUTSIDE, STRANGER, cast_of
from kubeproof.profile.intent import Profile
from tests.kubeproof.netpol import strategies as some
from tests.kubeproof.netpol.systems import PROFILE, system

# Whom it lets out to is not known, for nobody's address is: it is not dead, though nothing shows it.
BY_ADDRESS = NetworkPolicy(
    "x", "p", types=(Direction.EGRESS,), egress=(Rule((IpBlock("10.0.0.0/30"),), (PolicyPort("UDP"),)),)
)
SERVER = Container("server", "server:1", (Port("web", 80), Port("dns", 81, "UDP")))
LEDGER = "podSelector: {matchLabels: {app: ledger}}"
NOBODY = "{podSelector: {matchLabels: {app: legder}}, ingress: [{}]}"
RANGE = "{podSelector: {matchLabels: {app: shop}}, ingress: [{ports: [{port: 8080}, {port: 8000, endPort: 9000}]}]}"


def found(policy: str, **changed: str) -> dict[str, tuple[Worth, str]]:
    """What the items of one policy are worth, by their field."""
    seen = witnesses(cast_of(system(**changed), PROFILE))
    return {each.item.field: (each.worth, each.says) for each in seen if each.item.policy.name == policy}


def test_every_item_in_use_has_a_witness_that_flips() -> None:
    """And taking the item away really blocks the flow that is named."""
    cast = cast_of(system(), PROFILE)
    seen = witnesses(cast)
    shown = [each for each in seen if each.worth is Worth.WITNESSED]
    assert [str(each.item) for each in seen if each not in shown] == [
        "shop ingress[0].from[0] (pods all of namespaces kubernetes.io/metadata.name=gate)",
        "shop ingress[0].ports[0] (TCP http)",
    ]
    for each in shown:
        assert each.flow is not None
        before, after = reaches(cast.network, each)
        assert (before, after is not Reach.ALLOWED) == (Reach.ALLOWED, True)


def reaches(network: Network, witness: Witness) -> tuple[Reach, Reach]:
    """The witness's flow with its item and without."""
    assert witness.flow is not None
    less = tuple(without(witness.item) if each is witness.item.policy else each for each in network.policies)
    return decide(network, witness.flow).reach, decide(Network(less, network.namespaces), witness.flow).reach


def test_what_only_a_guest_would_show_is_untestable() -> None:
    """The ingress controller is not among the manifests."""
    worth, says = found("shop")["spec.ingress[0].from[0]"]
    assert (worth, says) == (Worth.UNTESTABLE, "nothing declared shows it, only gate/* -> shop TCP 8080")


def test_what_the_other_side_shuts_is_untestable_with_that_reason() -> None:
    """The pair of the seed."""
    shut = found("shut", shut=f"{{{LEDGER}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: closed}}}}}}]}}]}}")
    worth, says = shut["spec.ingress[0].from[0]"]
    assert worth is Worth.UNTESTABLE
    assert says == (
        "market/app=closed -> ledger TCP 5432 is blocked: market/app=closed may open no connection (selected for "
        "egress by closed, without an egress rule); though shut ingress[0] admits it"
    )


@pytest.mark.parametrize(
    ("spec", "field", "says"),
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
def test_a_dead_item_says_why(spec: str, field: str, says: str) -> None:
    """Not in force, selecting nobody, doubled, impossible, misspelt, covered by a range."""
    assert found("odd", odd=spec)[field] == (Worth.DEAD, says)


def test_a_range_beside_one_of_its_numbers_is_shown_by_another_number() -> None:
    """On a port that nobody declares, which is why it cannot be shown live."""
    worth, says = found("odd", odd=RANGE)["spec.ingress[0].ports[1]"]
    assert worth is Worth.UNTESTABLE
    assert says.startswith("nothing declared shows it, only ")


def test_taking_the_last_peer_takes_the_rule() -> None:
    """An empty list would admit everyone."""
    items = {str(each.item).partition(" (")[0]: each.item for each in witnesses(cast_of(system(), PROFILE))}
    assert without(items["shop ingress[0].from[0]"]).rules(Direction.INGRESS) == ()
    two = items["ledger ingress[0].from[0]"]
    assert without(two).ingress == (Rule(peers=two.policy.ingress[0].peers[1:]),)


@settings(max_examples=20, deadline=None)
@given(st.lists(some.policies, min_size=1, max_size=3))
@example([BY_ADDRESS])
def test_a_witness_flips_and_what_is_dead_changes_nothing_on_paper(policies: list[NetworkPolicy]) -> None:
    """Of any policies: what is shown is shown by its flow, and a dead item can go without a cell that changes."""
    named = tuple(replace(each, name=f"p{n}") for n, each in enumerate(policies))
    workloads = tuple(
        Workload("Deployment", f"{space}-{value}", (("app", value),), (), 1, (SERVER,), namespace=space)
        for space in some.SPACES
        for value in some.VALUES
    )
    declared = System("x", workloads, policies=named)
    cast = cast_of(declared, Profile("x", "x"))
    before = seen(declared)
    for each in witnesses(cast):
        if each.worth is Worth.WITNESSED:
            with_it, without_it = reaches(cast.network, each)
            assert with_it is Reach.ALLOWED
            assert without_it is not Reach.ALLOWED
        if each.worth is Worth.DEAD:
            left = tuple(without(each.item) if policy is each.item.policy else policy for policy in named)
            after = seen(replace(declared, policies=left))
            assert {cell: reach for cell, reach in after.items() if before.get(cell, reach) is not reach} == {}


def seen(declared: System) -> dict[str, Reach]:
    """The answers between workloads, a stranger and the world; who else stands in is up to the policies."""
    ends = {*(workload.name for workload in declared.workloads), STRANGER, OUTSIDE}
    paper = on_paper(declared, Profile("x", "x"))
    return {str(cell): cell.seen for cell in paper.cells if {cell.source, cell.target} <= ends}
