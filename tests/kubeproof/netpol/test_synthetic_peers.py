"""Synthetic peers: an endpoint for every peer that can have one, and none for a peer that cannot."""

import pytest
from hypothesis import given, settings

from kubeproof.manifests.policies import IpBlock, NetworkPolicy, Peer, PolicyPort, PolicyRule
from kubeproof.netpol.endpoints import Network, Outside
from kubeproof.netpol.matching import Match, peer_matches
from kubeproof.netpol.synthetic_peers import boundary_ports, synthetic_peer
from tests.kubeproof.netpol import strategies as some
from tests.kubeproof.netpol.policies import SHOP

POLICY = NetworkPolicy("x", "p")


@settings(max_examples=80, deadline=None)
@given(some.peers, some.known_namespaces)
def test_a_synthetic_peer_is_matched_by_its_peer(peer: Peer, namespaces: tuple) -> None:  # type: ignore[type-arg]
    """Whatever the peer asks for; and where there is none, no pod or address of the tests matches either."""
    network = Network(namespaces=namespaces)
    found = synthetic_peer(peer, POLICY, PolicyRule((peer,)), network)
    if found is not None:
        answer = peer_matches(peer, "x", found.endpoint, found.joined(network))
        assert answer.match is Match.YES


@pytest.mark.parametrize(
    ("block", "address"),
    [
        (IpBlock("10.0.0.0/8"), "10.0.0.1"),
        (IpBlock("10.0.0.7/32"), "10.0.0.7"),
        (IpBlock("10.0.0.0/30", ("10.0.0.0/31",)), "10.0.0.3"),
        (IpBlock("10.0.0.0/30", ("10.0.0.0/31", "10.0.0.3/32")), "10.0.0.2"),
        (IpBlock("10.0.0.0/30", ("10.0.0.0/31", "10.0.0.2/31")), None),
        (IpBlock("::/0", ("::/1", "ffff::/16")), "8000::"),
        (IpBlock("0.0.0.0/0", ("0.0.0.0/1", "192.0.0.0/2")), "128.0.0.0"),
    ],
)
def test_an_address_of_a_block_borders_its_exceptions_or_edges(block: IpBlock, address: str | None) -> None:
    """Of either family; a block that its exceptions fill has none."""
    found = synthetic_peer(block, POLICY, PolicyRule((block,)), Network())
    assert (found and found.endpoint) == (address and Outside(address, (address,)))


def test_ports_are_asked_for_at_the_edges_of_what_rules_name() -> None:
    """A number, the ends of a range and what lies beside them, the declared ports, and the way out of most networks."""
    rules = [PolicyRule(ports=(PolicyPort("TCP", 80), PolicyPort("TCP", 1, 2)))]
    assert [port for port, protocol in boundary_ports(rules, Outside("o")) if protocol == "TCP"] == [
        1,
        2,
        3,
        79,
        80,
        81,
        443,
    ]
    assert (443, "UDP") in boundary_ports([PolicyRule(ports=(PolicyPort("UDP"),))], Outside("o"))
    assert set(boundary_ports([], SHOP)) == {(8080, "TCP"), (8081, "UDP"), (443, "TCP")}
