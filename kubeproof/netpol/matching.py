"""
Whether selectors, peers and ports match, with a third answer for what is not known.

NO, MAYBE and YES are ordered, so that `any` is the greatest and `all` the least of several answers (Kleene's logic).
The reason of a MAYBE is what would have to be known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import Expression, IpBlock, Operator, Peer, PodPeer, PolicyPort, PolicyRule, Selector
from kubeproof.netpol.endpoints import Endpoint, Flow, Network, Pod, called


class Match(IntEnum):
    """Whether something matches, in order of certainty."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True)
class Answer:
    """A match, and the reason of a MAYBE: what is not known."""

    match: Match
    reason: str = ""


NO, YES = Answer(Match.NO), Answer(Match.YES)


def any_of(answers: Iterable[Answer]) -> Answer:
    """The greatest of the answers; of none, NO."""
    return max(answers, key=lambda answer: answer.match, default=NO)


def all_of(answers: Iterable[Answer]) -> Answer:
    """The least of the answers; of none, YES."""
    return min(answers, key=lambda answer: answer.match, default=YES)


# Every pair of a topology asks the same selectors about the same labels.
@lru_cache(maxsize=65536)
def selected(selector: Selector, labels: Labels, *, known: bool, owner: str) -> Answer:
    """Match a selector with labels; `known` tells whether they are all there are, `owner` names who bears them."""
    have = dict(labels)
    return all_of(_expressed(wanted, have, known=known, owner=owner) for wanted in _wanted(selector))


@lru_cache(maxsize=4096)
def _wanted(selector: Selector) -> tuple[Expression, ...]:
    return (*(Expression(key, Operator.IN, (value,)) for key, value in selector.labels), *selector.expressions)


def _expressed(wanted: Expression, have: dict[str, str], *, known: bool, owner: str) -> Answer:
    value = have.get(wanted.key)
    if value is None and not known:
        return Answer(Match.MAYBE, f"nothing says whether {owner} has the label {wanted.key}")
    if wanted.operator in (Operator.IN, Operator.NOT_IN):
        # NotIn also holds for one without the label, as for every selector of the API.
        return YES if (value in wanted.values) is (wanted.operator is Operator.IN) else NO
    return YES if (value is None) is (wanted.operator is Operator.DOES_NOT_EXIST) else NO


def pod_selected(selector: Selector, pod: Pod) -> Answer:
    """Match a pod selector with a pod, whatever its namespace."""
    return selected(selector, pod.labels, known=pod.known, owner=pod.name)


def peer_matches(peer: Peer, policy_namespace: str, end: Endpoint, network: Network) -> Answer:
    """Match one peer of a rule with the far endpoint of a flow."""
    if isinstance(peer, IpBlock):
        return block_matches(peer, end)
    return _pods_match(peer, policy_namespace, end, network)


def _pods_match(peer: PodPeer, policy_namespace: str, end: Endpoint, network: Network) -> Answer:
    if not isinstance(end, Pod):
        return NO
    if peer.namespaces is None:
        there = YES if end.namespace == policy_namespace else NO
    else:
        namespace = network.namespace(end.namespace)
        owner = f"namespace {namespace.name}"
        there = selected(peer.namespaces, namespace.all_labels, known=namespace.known, owner=owner)
    return all_of((there, YES if peer.pods is None else pod_selected(peer.pods, end)))


def block_matches(block: IpBlock, end: Endpoint) -> Answer:
    """Match an ipBlock with the addresses of an endpoint: MAYBE when it has none, or only some lie in the block."""
    if not end.addresses:
        return Answer(Match.MAYBE, f"the address of {called(end)} is not known, and ipBlock {block} asks for it")
    inside = {_in_block(block, address) for address in end.addresses}
    if len(inside) > 1:
        return Answer(Match.MAYBE, f"only some addresses of {called(end)} lie in ipBlock {block}")
    return YES if inside == {True} else NO


def _in_block(block: IpBlock, address: str) -> bool:
    here = ip_address(address)
    return here in _network(block.cidr) and not any(here in _network(excepted) for excepted in block.excepts)


@lru_cache(maxsize=4096)
def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


def port_matches(port: PolicyPort, flow: Flow) -> Answer:
    """Match one port of a rule with a flow; a name is resolved in the target's containers, in both directions."""
    if port.protocol != flow.protocol:
        return NO
    if port.port is None:
        return YES
    if isinstance(port.port, int):
        return YES if port.port <= flow.port <= (port.end or port.port) else NO
    if not isinstance(flow.target, Pod):
        return NO
    wanted = (port.port, port.protocol)
    numbers = {has.number for has in flow.target.ports if (has.name, has.protocol) == wanted}
    if not numbers and not flow.target.known:
        return Answer(Match.MAYBE, f"nothing says whether {flow.target.name} has a port named {port.port}")
    return YES if flow.port in numbers else NO


def peers_match(rule: PolicyRule, policy_namespace: str, end: Endpoint, network: Network) -> Answer:
    """Match the peers of a rule: without any, it admits everyone."""
    return any_of(peer_matches(peer, policy_namespace, end, network) for peer in rule.peers) if rule.peers else YES


def ports_match(rule: PolicyRule, flow: Flow) -> Answer:
    """Match the ports of a rule: without any, it admits every port of every protocol."""
    return any_of(port_matches(port, flow) for port in rule.ports) if rule.ports else YES
