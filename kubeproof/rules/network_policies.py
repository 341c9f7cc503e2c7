"""Whom NetworkPolicies name: every policy selects somebody, and every peer and port name is of somebody that exists."""

from collections.abc import Iterator

from kubeproof.manifests.policies import Direction, IpBlock, NetworkPolicy, Peer, PolicyPort, PolicyRule, Selector
from kubeproof.manifests.system import System
from kubeproof.netpol.endpoints import Pod
from kubeproof.netpol.matching import Match, any_of, peer_matches, peers_match, pod_selected
from kubeproof.netpol.synthetic_peers import synthetic_peer
from kubeproof.netpol.topology import DNS, Topology, topology_of
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import PODS, Finding, Rule, broken, holds, judged, titled, untold

SPECIFICATION = "kubernetes.io, concepts, Network Policies"


def examine_policy_selects(system: System, profile: Profile) -> Iterator[Finding]:
    """Every policy, and the workloads of its namespace that its podSelector selects."""
    topology = topology_of(system, profile)
    for policy in system.policies:
        names = [pod.name for pod in _selected(topology, policy)]
        found = f"pods of {', '.join(names)}" if names else f"no pod has {policy.pods} in namespace {policy.namespace}"
        fix = "select labels that a pod template has; a policy that selects nobody closes nothing"
        subject = titled(system, "NetworkPolicy", policy)
        yield judged(bool(names), subject, "spec.podSelector", found, "pods that it selects", fix, PODS)


def _selected(topology: Topology, policy: NetworkPolicy) -> list[Pod]:
    pods = [end.endpoint for end in topology.workloads if isinstance(end.endpoint, Pod)]
    return [
        pod for pod in pods if pod.namespace == policy.namespace and pod_selected(policy.pods, pod).match is Match.YES
    ]


POLICY_SELECTS = Rule(
    name="static.policy-selects",
    law="every NetworkPolicy selects a pod of the manifests",
    source=SPECIFICATION,
    examine=examine_policy_selects,
    nothing="there is no NetworkPolicy",
)


def examine_policy_peers_exist(system: System, profile: Profile) -> Iterator[Finding]:
    """Every peer of every rule in force, and every port that a rule names."""
    topology = topology_of(system, profile)
    for policy in system.policies:
        subject = titled(system, "NetworkPolicy", policy)
        for direction in policy.types:
            for n, rule in enumerate(policy.rules(direction)):
                field = f"spec.{direction.word}[{n}]"
                for at, peer in enumerate(rule.peers):
                    yield _peer(topology, subject, f"{field}.{direction.peers}[{at}]", policy, rule, peer)
                for at, port in enumerate(rule.ports):
                    if isinstance(port.port, str):
                        yield from _port(topology, subject, f"{field}.ports[{at}].port", policy, direction, rule, port)


def _peer(topology: Topology, subject: str, field: str, policy: NetworkPolicy, rule: PolicyRule, peer: Peer) -> Finding:
    wanted = "somebody whom it names"
    synthetic = synthetic_peer(peer, policy, rule, topology.network)
    if synthetic is None:
        return broken(subject, field, f"{peer} is nobody: it contradicts itself", wanted, "correct or remove the peer")
    if isinstance(peer, IpBlock):
        return holds(subject, field, f"addresses {peer}", wanted)
    named = (*topology.workloads, *(end for end in topology.surroundings if end.name == DNS))
    answers = {end.name: peer_matches(peer, policy.namespace, end.endpoint, topology.network) for end in named}
    present = [name for name, answer in answers.items() if answer.match is Match.YES]
    if present:
        return holds(subject, field, ", ".join(present), wanted)
    if peer.namespaces is None:
        found = f"no pod of namespace {policy.namespace} has {peer.pods}"
        return broken(subject, field, found, wanted, "name labels that a pod template has, or remove the peer", PODS)
    if synthetic.namespace is None:
        return holds(subject, field, f"namespace {synthetic.name.partition('/')[0]}", wanted)
    doubt = any_of(answers.values()).reason or f"no namespace is known that has {peer.namespaces}"
    return untold(subject, field, doubt, wanted, "describe the namespace in the profile's [[neighbours]]")


def _port(
    topology: Topology,
    subject: str,
    field: str,
    policy: NetworkPolicy,
    direction: Direction,
    rule: PolicyRule,
    port: PolicyPort,
) -> Iterator[Finding]:
    """The workloads that a named port must be resolved in; of a rule for many, that one of them has it is enough."""
    if direction is Direction.INGRESS:
        targets, few = _selected(topology, policy), policy.pods != Selector()
    else:
        targets = [
            end.endpoint
            for end in topology.workloads
            if isinstance(end.endpoint, Pod)
            and peers_match(rule, policy.namespace, end.endpoint, topology.network).match is Match.YES
        ]
        few = False
    named = (port.port, port.protocol)
    lacking = [pod.name for pod in targets if named not in [(one.name, one.protocol) for one in pod.ports]]
    if targets:
        ok = not lacking if few else len(lacking) < len(targets)
        found = f"no {port.protocol} port {port.port} at {', '.join(lacking)}" if lacking else f"{port} at every target"
        fix = "name the port as the containers do; a rule whose name nobody has admits nothing"
        yield judged(ok, subject, field, found, f"a container port named {port.port}", fix)


POLICY_PEERS_EXIST = Rule(
    name="static.policy-peers-exist",
    law="every peer of a NetworkPolicy is somebody, and every port that it names is a container's",
    source=SPECIFICATION,
    examine=examine_policy_peers_exist,
    nothing="no rule of a NetworkPolicy names anybody",
)
