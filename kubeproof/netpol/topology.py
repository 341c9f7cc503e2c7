"""
Who stands in a declared system's network: its workloads, what is around every system, and stand-ins for the rest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policies import Direction, NetworkPolicy, Peer, PodPeer, Rule
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.endpoints import Namespace, Network, Outside, Pod
from kubeproof.netpol.matching import Match, peer_matches
from kubeproof.netpol.synthetic_peers import End, stand_in
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
class Cast:
    """The ends of a system's flows: what it runs, what is around it, and who else its policies name."""

    network: Network
    inside: tuple[End, ...]
    around: tuple[End, ...]
    guests: tuple[End, ...]

    @property
    def everyone(self) -> tuple[End, ...]:
        """All ends, the system's own first."""
        return (*self.inside, *self.around, *self.guests)


def cast_of(system: System, profile: Profile, *, dns: Pod = CLUSTER_DNS) -> Cast:
    """Gather all ends that a declared system has to reckon with."""
    network = declared_network(system, profile)
    inside = tuple(End(name, pod_of(workload, name)) for name, workload in own_names(system).items())
    around = surroundings(system, dns=dns)
    return Cast(network, inside, around, tuple(_guests(network, (*inside, *around))))


def own_names(system: System) -> dict[str, Workload]:
    """
    What each workload is called among the ends: by its name, which is what a profile calls it.

    One of another namespace has that before its name, and of two that are called alike the second its kind.
    """
    names: dict[str, Workload] = {}
    for workload in system.running:
        elsewhere = workload.namespace != system.namespace
        name = f"{workload.namespace}/{workload.name}" if elsewhere else workload.name
        names[name if name not in names else workload.title] = workload
    return names


def declared_network(system: System, profile: Profile) -> Network:
    """The policies of a system, and the namespaces that it declares, that it lives in, and that it reckons with."""
    known = {each.namespace: each.labels for each in profile.neighbours}
    known |= {each.name: each.labels for each in system.namespaces}
    lived_in = {workload.namespace for workload in system.running}
    return Network(
        system.policies,
        (
            *(Namespace(name, labels) for name, labels in known.items()),
            *(Namespace(name, known=False) for name in sorted(lived_in - set(known))),
            Namespace(ELSEWHERE),
        ),
    )


def pod_of(workload: Workload, name: str) -> Pod:
    """A pod of a workload, under this name; its address and node are decided later, by the cluster."""
    return Pod(
        workload.namespace,
        name,
        workload.labels,
        workload.ports,
        host_network=workload.pod.host_network,
    )


def surroundings(system: System, *, dns: Pod = CLUSTER_DNS) -> tuple[End, ...]:
    """What is around every system: the DNS, a pod nobody declares in its namespace and in another, the world."""
    return (
        End(DNS, dns),
        End(NEWCOMER, Pod(system.namespace, NEWCOMER)),
        End(STRANGER, Pod(ELSEWHERE, STRANGER)),
        End(OUTSIDE, Outside(OUTSIDE, (OUTSIDE_ADDRESS,))),
    )


def _guests(network: Network, present: Iterable[End]) -> Iterator[End]:
    """A stand-in for each peer in force that nobody present matches; one name stands for one, with all its ports."""
    guests: dict[str, End] = {}
    for policy in network.policies:
        for direction in policy.types:
            for rule in policy.rules(direction):
                for peer in rule.peers:
                    asked = [end for end in present if end.name != DNS or _is_for_dns(direction, rule, end)]
                    if any(_stands_for(end, peer, policy, network) for end in asked):
                        continue
                    guest = stand_in(peer, policy, rule, network)
                    if guest is not None:
                        guests[guest.name] = _joined(guests.get(guest.name, guest), guest)
    yield from guests.values()


def _is_for_dns(direction: Direction, rule: Rule, dns: End) -> bool:
    """Whether a rule is about the DNS and no more: out to the ports at which it answers."""
    ports = dns.endpoint.ports if isinstance(dns.endpoint, Pod) else ()
    answers = {(port.protocol, name) for port in ports for name in (port.name, port.number)}
    asks = {(port.protocol, port.port) for port in rule.ports}
    return direction is Direction.EGRESS and bool(asks) and asks <= answers and not any(port.end for port in rule.ports)


def _stands_for(end: End, peer: Peer, policy: NetworkPolicy, network: Network) -> bool:
    """Whether an end shows what a peer admits: one that selects namespaces admits more than the policy's own."""
    pod = end.endpoint
    own = isinstance(pod, Pod) and pod.namespace == policy.namespace
    if own and isinstance(peer, PodPeer) and peer.namespaces is not None:
        return False
    return peer_matches(peer, policy.namespace, pod, network).match is Match.YES


def _joined(one: End, other: End) -> End:
    if isinstance(one.endpoint, Pod) and isinstance(other.endpoint, Pod):
        ports = tuple(dict.fromkeys((*one.endpoint.ports, *other.endpoint.ports)))
        return replace(one, endpoint=replace(one.endpoint, ports=ports))
    return one
