"""All pairs at once: the same answers as the engine gives one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.declared.policies import NetworkPolicy
from conformance.verdicts.policy.deciding import decide
from conformance.verdicts.policy.endpoints import Endpoint, Flow, Namespace, Network
from conformance.verdicts.policy.standins import Probe
from conformance.verdicts.policy.table import tabulate
from tests.policy import strategies as some
from tests.policy.policies import CLERK, LEDGER, SHOP, WORLD, network

several_ends = st.lists(some.ends, min_size=1, max_size=5).map(tuple)
several_probes = st.lists(some.probes, min_size=1, max_size=3, unique=True).map(tuple)


@settings(max_examples=80, deadline=None)
@given(some.several, some.namespaces, several_ends, several_probes)
def test_the_table_agrees_with_the_engine_on_every_pair(
    policies: tuple[NetworkPolicy, ...],
    namespaces: tuple[Namespace, ...],
    ends: tuple[Endpoint, ...],
    probes: tuple[Probe, ...],
) -> None:
    """Pods half known, on the host's network, nodes and addresses among them."""
    on = Network(policies, namespaces)
    table = tabulate(on, ends, probes)
    for n, probe in enumerate(probes):
        for source, one in enumerate(ends):
            for target, other in enumerate(ends):
                assert table.reach(source, target, n) is decide(on, Flow(one, other, *probe)).reach


def test_a_table_is_read_by_places() -> None:
    """Rows are sources, columns targets: the shop may call the ledger, and only at its port's name."""
    on = network("""
        shop: {podSelector: {matchLabels: {app: shop}}, egress: [{to: [{podSelector: {matchLabels: {app: ledger}}}]}]}
        ledger: {podSelector: {matchLabels: {app: ledger}}, ingress: [{ports: [{port: http}]}]}
    """)
    table = tabulate(on, (SHOP, LEDGER, CLERK, WORLD), ((9090, "TCP"), (80, "TCP")))
    drawn = [
        ["".join(table.reach(source, target, probe).value for target in range(4)) for source in range(4)]
        for probe in range(2)
    ]
    assert drawn == [["?.XX", "X...", "X...", "X..."], ["?XXX", "X?..", "XX..", "XX.."]]


def test_an_end_that_stands_there_twice_is_one_end() -> None:
    """A call between the two is a call to itself, which nobody can tell."""
    on = network("""
        shop: {podSelector: {matchLabels: {app: shop}}, ingress: []}
    """)
    table = tabulate(on, (SHOP, SHOP), ((80, "TCP"),))
    assert {table.reach(source, target, 0).value for source in range(2) for target in range(2)} == {"?"}
