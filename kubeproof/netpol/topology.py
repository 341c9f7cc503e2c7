"""
Every endpoint of a declared system's network: its workloads, what surrounds every system, and synthetic peers.

`expected_reachability` decides every pair of them, `rule_coverage` looks among them for flows that show a rule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policies import Direction, NetworkPolicy, Peer, PodPeer, PolicyRule
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.endpoints import End, Namespace, Network, Outside, Pod
from kubeproof.netpol.matching import Match, peer_matches
from kubeproof.netpol.synthetic_peers import synthetic_peer
from kubeproof.profile.intent import Profile

NEWCOMER, STRANGER, OUTSIDE, DNS = "newcomer", "stranger", "outside", "cluster DNS"
ELSEWHERE = "elsewhere"
# RFC 5737 keeps it for documentation: an address that nobody's cluster or company uses.
OUTSIDE_ADDRESS = "203.0.113.1"
# Where kubeadm and most others run the cluster's DNS; of its namespace nothing but the name is known.
CLUSTER_DNS = Pod(
    "kube-system", DNS, (("k8s-app", "kube-dns"),), (Port("dns", 53, "UDP"), Port("dns-tcp", 53, "TCP")), known=False
)


@dataclass(frozen=True)
class Topology:
    """The endpoints of a system's flows; `synthetic` are those made for peers that nothing else matches."""

    network: Network
    workloads: tuple[End, ...]
    surroundings: tuple[End, ...]
    synthetic: tuple[End, ...]

    @property
    def ends(self) -> tuple[End, ...]:
        """All endpoints, the workloads first."""
        return (*self.workloads, *self.surroundings, *self.synthetic)


def topology_of(system: System, profile: Profile, *, dns: Pod = CLUSTER_DNS) -> Topology:
    """Gather all endpoints that a declared system has to do with; `dns` is the cluster's."""
    network = declared_network(system, profile)
    workloads = tuple(End(name, pod_of(workload, name)) for name, workload in own_names(system).items())
    around = surroundings(system, dns=dns)
    return Topology(network, workloads, around, tuple(_synthetic_peers(network, (*workloads, *around))))


def own_names(system: System) -> dict[str, Workload]:
    """
    The workloads by the names of their endpoints: each by its own name, as in the profile.

    One of another namespace has that before its name, and of two with one name the second has its kind.
    """
    names: dict[str, Workload] = {}
    for workload in system.running:
        elsewhere = workload.namespace != system.namespace
        name = f"{workload.namespace}/{workload.name}" if elsewhere else workload.name
        names[name if name not in names else workload.title] = workload
    return names


def declared_network(system: System, profile: Profile) -> Network:
    """The policies of a system, the namespaces that its manifests or profile describe, and those it has pods in."""
    known = {neighbour.namespace: neighbour.labels for neighbour in profile.neighbours}
    known |= {namespace.name: namespace.labels for namespace in system.namespaces}
    with_pods = {workload.namespace for workload in system.running}
    return Network(
        system.policies,
        (
            *(Namespace(name, labels) for name, labels in known.items()),
            *(Namespace(name, known=False) for name in sorted(with_pods - set(known))),
            Namespace(ELSEWHERE),
        ),
    )


def pod_of(workload: Workload, name: str) -> Pod:
    """A pod of a workload, by this name; its address and node are not known, for the cluster chooses them."""
    return Pod(
        workload.namespace,
        name,
        workload.labels,
        workload.ports,
        host_network=workload.pod.host_network,
    )


def surroundings(system: System, *, dns: Pod = CLUSTER_DNS) -> tuple[End, ...]:
    """What surrounds every system: the DNS, an undeclared pod in its namespace and in another, an address outside."""
    return (
        End(DNS, dns),
        End(NEWCOMER, Pod(system.namespace, NEWCOMER)),
        End(STRANGER, Pod(ELSEWHERE, STRANGER)),
        End(OUTSIDE, Outside(OUTSIDE, (OUTSIDE_ADDRESS,))),
    )


def _synthetic_peers(network: Network, present: Iterable[End]) -> Iterator[End]:
    """One for each peer in force that nothing present matches; two of one name are one, with the ports of both."""
    made: dict[str, End] = {}
    for policy in network.policies:
        for direction in policy.types:
            for rule in policy.rules(direction):
                for peer in rule.peers:
                    asked = [end for end in present if end.name != DNS or _is_for_dns(direction, rule, end)]
                    if any(_represents(end, peer, policy, network) for end in asked):
                        continue
                    synthetic = synthetic_peer(peer, policy, rule, network)
                    if synthetic is not None:
                        made[synthetic.name] = _with_ports(made.get(synthetic.name, synthetic), synthetic)
    yield from made.values()


def _is_for_dns(direction: Direction, rule: PolicyRule, dns: End) -> bool:
    """Whether a rule is for asking the DNS and no more: egress, and only to ports at which the DNS listens."""
    ports = dns.endpoint.ports if isinstance(dns.endpoint, Pod) else ()
    listening = {(port.protocol, name) for port in ports for name in (port.name, port.number)}
    asks = {(port.protocol, port.port) for port in rule.ports}
    ranges = any(port.end for port in rule.ports)
    return direction is Direction.EGRESS and bool(asks) and asks <= listening and not ranges


def _represents(end: End, peer: Peer, policy: NetworkPolicy, network: Network) -> bool:
    """Whether an endpoint shows all that a peer admits; a pod of the policy's own namespace is none of other ones."""
    pod = end.endpoint
    own = isinstance(pod, Pod) and pod.namespace == policy.namespace
    if own and isinstance(peer, PodPeer) and peer.namespaces is not None:
        return False
    return peer_matches(peer, policy.namespace, pod, network).match is Match.YES


def _with_ports(one: End, other: End) -> End:
    if isinstance(one.endpoint, Pod) and isinstance(other.endpoint, Pod):
        ports = tuple(dict.fromkeys((*one.endpoint.ports, *other.endpoint.ports)))
        return replace(one, endpoint=replace(one.endpoint, ports=ports))
    return one
