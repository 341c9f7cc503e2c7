"""
Synthetic peers: for a peer of a rule that nothing declared matches, the simplest endpoint that it would match.

A policy may admit what its manifests do not contain: an ingress controller, a scraper, an address. To decide what such
a rule lets through, an endpoint is made for it; and `boundary_ports` are the ports at which rules can differ.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from itertools import product

from kubeproof.manifests.containers import Port
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import (
    IpBlock,
    NetworkPolicy,
    Operator,
    Peer,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from kubeproof.netpol.endpoints import NAME_LABEL, End, Endpoint, Namespace, Network, Outside, Pod
from kubeproof.netpol.matching import Match, peer_matches, selected

# What is asked for where no port is declared: the one that leads out of most networks.
HTTPS = (443, "TCP")
FIRST_SYNTHETIC_PORT = 20000

PortAndProtocol = tuple[int, str]


def synthetic_peer(peer: Peer, policy: NetworkPolicy, rule: PolicyRule, network: Network) -> End | None:
    """Make the simplest endpoint that a peer of a policy's rule matches; None when nothing can match it."""
    made = _outside(peer) if isinstance(peer, IpBlock) else _pod(peer, policy, rule, network)
    if made is None:
        return None
    matched = peer_matches(peer, policy.namespace, made.endpoint, made.joined(network))
    return made if matched.match is Match.YES else None


def _outside(block: IpBlock) -> End | None:
    cidr = ip_network(block.cidr)
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    excepts = [ip_network(excepted) for excepted in block.excepts]
    # If any address is allowed, then one that borders an `except` or the edge of the CIDR. The network's own address
    # is tried after its neighbour: in IPv4 it is no host's.
    borders = [first + 1, first, last]
    for excepted in excepts:
        borders += [int(excepted.broadcast_address) + 1, int(excepted.network_address) - 1]
    for number in borders:
        if first <= number <= last:
            address = type(cidr.network_address)(number)
            if not any(address in excepted for excepted in excepts):
                return End(str(address), Outside(str(address), (str(address),)))
    return None


def _pod(peer: PodPeer, policy: NetworkPolicy, rule: PolicyRule, network: Network) -> End | None:
    labels = satisfying(peer.pods or Selector())
    if labels is None:
        return None
    ports = tuple(_named_ports(rule.ports))
    pods = "*" if peer.pods in (None, Selector()) else str(peer.pods)
    if peer.namespaces is None:
        name = f"{policy.namespace}/{pods}"
        return End(name, Pod(policy.namespace, name, labels, ports))
    namespace, made = _namespace(peer.namespaces, policy, network)
    if namespace is None:
        return None
    name = f"{namespace}/{pods}"
    return End(name, Pod(namespace, name, labels, ports), made)


def _namespace(selector: Selector, policy: NetworkPolicy, network: Network) -> tuple[str | None, Namespace | None]:
    """A namespace that a selector selects: one that is known and not the policy's own, else one made for it."""
    for namespace in network.namespaces if selector != Selector() else ():
        matched = selected(selector, namespace.all_labels, known=namespace.known, owner=namespace.name)
        if namespace.name != policy.namespace and matched.match is Match.YES:
            return namespace.name, None
    labels = satisfying(selector)
    if labels is None:
        return None, None
    name = dict(labels).get(NAME_LABEL) or ("*" if selector == Selector() else str(selector))
    return name, None if name == policy.namespace else Namespace(name, labels)


def _named_ports(ports: Iterable[PolicyPort]) -> Iterator[Port]:
    """A container port for each port that a rule gives by name."""
    for n, port in enumerate(ports):
        if isinstance(port.port, str):
            yield Port(port.port, FIRST_SYNTHETIC_PORT + n, port.protocol)


def satisfying(selector: Selector) -> Labels | None:
    """The fewest labels that a selector selects; None when it contradicts itself."""
    choices = [wanted for wanted in selector.expressions if wanted.operator is Operator.IN]
    needed = {wanted.key: "any" for wanted in selector.expressions if wanted.operator is Operator.EXISTS}
    for values in product(*(wanted.values for wanted in choices)):
        chosen = {wanted.key: value for wanted, value in zip(choices, values, strict=True)}
        labels = tuple(sorted((needed | chosen | dict(selector.labels)).items()))
        if selected(selector, labels, known=True, owner="").match is Match.YES:
            return labels
    return None


def boundary_ports(rules: Iterable[PolicyRule], target: Endpoint) -> tuple[PortAndProtocol, ...]:
    """
    The ports of a target at which some rule could make a difference, and those that it declares.

    Of a number or range, the ports on and just beside its ends, so that rules that overlap are told apart.
    """
    declared = [(port.number, port.protocol) for port in target.ports] if isinstance(target, Pod) else []
    ports = [port for rule in rules for port in rule.ports]
    numbers = {number for port in ports for number in _boundaries(port)} | {number for number, _ in declared}
    numbers.add(HTTPS[0])
    protocols = {port.protocol for port in ports}
    asked = [*declared, *((number, protocol) for protocol in sorted(protocols) for number in sorted(numbers))]
    return tuple(dict.fromkeys((*asked, HTTPS)))


def _boundaries(port: PolicyPort) -> Iterator[int]:
    if isinstance(port.port, int):
        end = port.end or port.port
        yield from (number for number in (port.port - 1, port.port, end, end + 1) if 1 <= number <= 65535)
