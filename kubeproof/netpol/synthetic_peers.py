"""
Stand-ins: for a peer that names nobody declared, the plainest end that it would match; and the ports worth asking for.

A policy may admit what its manifests do not contain: an ingress controller, a scraper, an address. To answer for such
a peer somebody has to stand there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from itertools import product

from kubeproof.manifests.containers import Port
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import IpBlock, NetworkPolicy, Operator, Peer, PodPeer, PolicyPort, Rule, Selector
from kubeproof.netpol.endpoints import NAME_LABEL, Endpoint, Namespace, Network, Outside, Pod
from kubeproof.netpol.matching import Match, peer_matches, selected

# What is asked for where no port is declared: the one that leads out of most networks.
HTTPS = (443, "TCP")
FIRST_STAND_IN_PORT = 20000

Probe = tuple[int, str]


@dataclass(frozen=True)
class End:
    """One end to ask about: under which name, and with which namespace when it stands in for one nobody declared."""

    name: str
    endpoint: Endpoint
    namespace: Namespace | None = None

    def joined(self, network: Network) -> Network:
        """The network with this end's namespace in it."""
        if self.namespace is None:
            return network
        others = tuple(each for each in network.namespaces if each.name != self.namespace.name)
        return replace(network, namespaces=(*others, self.namespace))


def stand_in(peer: Peer, policy: NetworkPolicy, rule: Rule, network: Network) -> End | None:
    """Make the plainest end that a peer of a policy's rule matches; None when nothing can match it."""
    found = _outside(peer) if isinstance(peer, IpBlock) else _pod(peer, policy, rule, network)
    if found is None:
        return None
    matched = peer_matches(peer, policy.namespace, found.endpoint, found.joined(network))
    return found if matched.match is Match.YES else None


def _outside(block: IpBlock) -> End | None:
    cidr = ip_network(block.cidr)
    excepts = [ip_network(each) for each in block.excepts]
    # What a block leaves to itself begins or ends beside one of its exceptions, if not at its own edges.
    edges = [int(cidr.network_address) + 1, int(cidr.network_address), int(cidr.broadcast_address)]
    edges += [edge for each in excepts for edge in (int(each.broadcast_address) + 1, int(each.network_address) - 1)]
    for edge in edges:
        if int(cidr.network_address) <= edge <= int(cidr.broadcast_address):
            address = type(cidr.network_address)(edge)
            if not any(address in each for each in excepts):
                return End(str(address), Outside(str(address), (str(address),)))
    return None


def _pod(peer: PodPeer, policy: NetworkPolicy, rule: Rule, network: Network) -> End | None:
    labels = satisfying(peer.pods or Selector())
    if labels is None:
        return None
    ports = tuple(_ports(rule.ports))
    pods = "*" if peer.pods in (None, Selector()) else str(peer.pods)
    if peer.namespaces is None:
        return End(f"{policy.namespace}/{pods}", Pod(policy.namespace, f"{policy.namespace}/{pods}", labels, ports))
    namespace, fresh = _namespace(peer.namespaces, policy, network)
    if namespace is None:
        return None
    name = f"{namespace}/{pods}"
    return End(name, Pod(namespace, name, labels, ports), fresh)


def _namespace(selector: Selector, policy: NetworkPolicy, network: Network) -> tuple[str | None, Namespace | None]:
    """A namespace that a selector selects: one that is known and not the policy's own, else one made for it."""
    for each in network.namespaces if selector != Selector() else ():
        bears = selected(selector, each.all_labels, known=each.known, owner=each.name)
        if each.name != policy.namespace and bears.match is Match.YES:
            return each.name, None
    labels = satisfying(selector)
    if labels is None:
        return None, None
    name = dict(labels).get(NAME_LABEL) or ("*" if selector == Selector() else str(selector))
    return name, None if name == policy.namespace else Namespace(name, labels)


def _ports(ports: Iterable[PolicyPort]) -> Iterator[Port]:
    for n, port in enumerate(ports):
        if isinstance(port.port, str):
            yield Port(port.port, FIRST_STAND_IN_PORT + n, port.protocol)


def satisfying(selector: Selector) -> Labels | None:
    """The fewest labels that a selector selects; None when it contradicts itself."""
    chosen = [each for each in selector.expressions if each.operator is Operator.IN]
    needed = {each.key: "any" for each in selector.expressions if each.operator is Operator.EXISTS}
    for values in product(*(each.values for each in chosen)):
        labels = needed | {each.key: value for each, value in zip(chosen, values, strict=True)} | dict(selector.labels)
        bearing = tuple(sorted(labels.items()))
        if selected(selector, bearing, known=True, owner="").match is Match.YES:
            return bearing
    return None


def probes(rules: Iterable[Rule], target: Endpoint) -> tuple[Probe, ...]:
    """
    The ports of a target at which some rule could make a difference, and those that it declares.

    Around a number or range the ports on and just beside its ends, so that what overlaps is told apart.
    """
    declared = [(port.number, port.protocol) for port in target.ports] if isinstance(target, Pod) else []
    ports = [port for rule in rules for port in rule.ports]
    numbers = {edge for port in ports for edge in _edges(port)} | {number for number, _ in declared} | {HTTPS[0]}
    protocols = {port.protocol for port in ports}
    asked = [*declared, *((number, protocol) for protocol in sorted(protocols) for number in sorted(numbers))]
    return tuple(dict.fromkeys((*asked, HTTPS)))


def _edges(port: PolicyPort) -> Iterator[int]:
    if isinstance(port.port, int):
        end = port.end or port.port
        yield from (edge for edge in (port.port - 1, port.port, end, end + 1) if 1 <= edge <= 65535)
