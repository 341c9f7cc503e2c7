"""
Who stands in a declared system's network: its workloads, what is around every system, and stand-ins for the rest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.declared.intent import Profile
from conformance.declared.objects import System
from conformance.declared.workloads import Port, Workload
from conformance.verdicts.policy.endpoints import Namespace, Network, Outside, Pod
from conformance.verdicts.policy.matching import Match, peer_matches
from conformance.verdicts.policy.standins import End, stand_in

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
    inside = tuple(End(workload.name, pod_of(workload)) for workload in system.running)
    around = surroundings(system, dns=dns)
    return Cast(network, inside, around, tuple(_guests(network, (*inside, *around))))


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


def pod_of(workload: Workload) -> Pod:
    """A pod of a workload; its address and node are decided later, by the cluster."""
    return Pod(
        workload.namespace,
        workload.name,
        workload.labels,
        tuple(port for container in workload.all_containers for port in container.ports),
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
    """A stand-in for each peer in force that nobody present matches."""
    seen = set()
    for policy in network.policies:
        for rule in (rule for direction in policy.types for rule in policy.rules(direction)):
            for peer in rule.peers:
                matched = (peer_matches(peer, policy.namespace, end.endpoint, network) for end in present)
                guest = (
                    None if any(each.match is Match.YES for each in matched) else stand_in(peer, policy, rule, network)
                )
                if guest is not None and guest.name not in seen:
                    seen.add(guest.name)
                    yield guest
