"""
Rule coverage: for every peer and every port of every policy rule, a flow that is allowed with it and not without it.

An item is covered when the endpoints of such a flow are declared, so that a live cluster can show it. It is untestable
when only a synthetic peer would show it, when the other direction blocks all that it admits, or when it is not known
whom it admits. It is dead when the policies without it give every flow the same answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from kubeproof.manifests.policies import Direction, IpBlock, NetworkPolicy, Peer, PodPeer, PolicyPort, PolicyRule
from kubeproof.netpol.decision import Decision, decide
from kubeproof.netpol.endpoints import End, Flow, Pod
from kubeproof.netpol.matching import Match, any_of, peer_matches, pod_selected, port_matches, ports_match
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.synthetic_peers import boundary_ports, synthetic_peer
from kubeproof.netpol.topology import DNS, Topology


class Coverage(Enum):
    """Whether a declared flow shows what a peer or port admits, nothing declared can, or it changes nothing."""

    COVERED = "covered"
    UNTESTABLE = "untestable"
    DEAD = "dead"


@dataclass(frozen=True)
class CoverageItem:
    """A peer or port of a rule, or a rule without either; `field` is its path in the policy."""

    policy: NetworkPolicy
    direction: Direction
    rule: int
    part: Peer | PolicyPort | None
    place: int = 0

    @property
    def field(self) -> str:
        """The path of the field."""
        rule = f"spec.{self.direction.word}[{self.rule}]"
        if self.part is None:
            return rule
        return f"{rule}.{'ports' if isinstance(self.part, PolicyPort) else self.direction.peers}[{self.place}]"

    def __str__(self) -> str:
        what = "everyone, on every port" if self.part is None else str(self.part)
        return f"{self.policy.name} {self.field.removeprefix('spec.')} ({what})"


@dataclass(frozen=True)
class ItemCoverage:
    """The coverage of an item, and why; `flow` is one that only this item admits, None when there is none."""

    item: CoverageItem
    coverage: Coverage
    reason: str
    flow: Flow | None = None


@dataclass(frozen=True)
class Trial:
    """
    A flow that an item matches or may match, decided with it and without it.

    `declared` when both its ends and its port are in the manifests, or can be had on any cluster.
    """

    flow: Flow
    declared: bool
    before: Decision
    after: Decision

    @property
    def flips(self) -> bool:
        """Whether only the item lets it through."""
        return self.before.reach is Reach.ALLOWED and self.after.reach is not Reach.ALLOWED

    @property
    def changes_a_direction(self) -> bool:
        """Whether the item makes a difference to one direction, though the other or something unknown decides."""
        directions = zip(self.before.directions, self.after.directions, strict=True)
        return any(before.reach is not after.reach for before, after in directions)


def rule_coverage(topology: Topology) -> tuple[ItemCoverage, ...]:
    """The coverage of every peer and port of every rule, those that are not in force included."""
    return tuple(_covered(topology, item) for policy in topology.network.policies for item in _items(policy))


def _items(policy: NetworkPolicy) -> Iterator[CoverageItem]:
    for direction in Direction:
        for index, rule in enumerate(policy.rules(direction)):
            parts = [*enumerate(rule.peers), *enumerate(rule.ports)]
            for place, part in parts:
                yield CoverageItem(policy, direction, index, part, place)
            if not parts:
                yield CoverageItem(policy, direction, index, None)


def without(item: CoverageItem) -> NetworkPolicy:
    """The policy without the item; a rule whose last peer or port is gone goes too, for it would admit everyone."""
    rules = list(item.policy.rules(item.direction))
    shorter = _shorter(rules[item.rule], item)
    rules[item.rule : item.rule + 1] = [shorter] if shorter else []
    if item.direction is Direction.INGRESS:
        return replace(item.policy, ingress=tuple(rules))
    return replace(item.policy, egress=tuple(rules))


def _shorter(rule: PolicyRule, item: CoverageItem) -> PolicyRule | None:
    if isinstance(item.part, PolicyPort):
        ports = (*rule.ports[: item.place], *rule.ports[item.place + 1 :])
        return replace(rule, ports=ports) if ports else None
    peers = (*rule.peers[: item.place], *rule.peers[item.place + 1 :])
    return replace(rule, peers=peers) if peers else None


def _covered(topology: Topology, item: CoverageItem) -> ItemCoverage:
    if item.direction not in item.policy.types:
        return ItemCoverage(item, Coverage.DEAD, f"policyTypes does not list {item.direction.value}")
    near = tuple(end for end in topology.workloads if _selects(item.policy, end))
    if not near:
        return ItemCoverage(item, Coverage.DEAD, "the policy selects no workload")
    trials: list[Trial] = []
    for trial in _trials(topology, item, near):
        trials.append(trial)
        if trial.flips and trial.declared:
            return ItemCoverage(item, Coverage.COVERED, f"without it {trial.flow} is {trial.after.reason}", trial.flow)
    shown = next((trial for trial in trials if trial.flips), None)
    if shown:
        return ItemCoverage(item, Coverage.UNTESTABLE, f"nothing declared shows it, only {shown.flow}", shown.flow)
    shut = next((trial for trial in trials if trial.changes_a_direction), None)
    if shut:
        return ItemCoverage(item, Coverage.UNTESTABLE, f"{shut.flow} is {shut.before.reason}")
    return ItemCoverage(item, Coverage.DEAD, _why_dead(item, trials))


def _why_dead(item: CoverageItem, trials: list[Trial]) -> str:
    if not trials:
        return "no port of what it reaches matches it" if isinstance(item.part, PolicyPort) else "nothing can match it"
    after = trials[0].after
    decided = after.egress if item.direction is Direction.EGRESS else after.ingress
    rules = decided.admitted_by if decided else ()
    if not rules:
        return after.reason
    # When the rule went with the item, those behind it moved up: then its number is that of another rule.
    kept = _shorter(item.policy.rules(item.direction)[item.rule], item) is not None
    if kept and any(rule.policy == item.policy.name and rule.index == item.rule for rule in rules):
        beside = "ports" if isinstance(item.part, PolicyPort) else "peers"
        return f"all that it admits is admitted by other {beside} beside it"
    return f"all that it admits is admitted by other rules, as {trials[0].flow} by one of {rules[0].policy}"


def _trials(topology: Topology, item: CoverageItem, near: tuple[End, ...]) -> Iterator[Trial]:
    """Every flow that the item matches or may match, the declared ones first."""
    rule = item.policy.rules(item.direction)[item.rule]
    shortened = without(item)
    rules = tuple(rule for policy in topology.network.policies for rule in policy.rules(item.direction))
    declared = (*topology.workloads, *topology.surroundings)
    for far in _far(topology, item, rule):
        network = far.joined(topology.network)
        policies = (shortened if policy is item.policy else policy for policy in network.policies)
        bare = replace(network, policies=tuple(policies))
        for pod in near:
            source, target = (pod, far) if item.direction is Direction.EGRESS else (far, pod)
            if source.name == target.name:
                continue
            for port, protocol in boundary_ports(rules, target.endpoint):
                flow = Flow(source.endpoint, target.endpoint, port, protocol)
                if _matches(item, rule, flow):
                    is_declared = far in declared and _listens(topology, target, port, protocol)
                    yield Trial(flow, is_declared, decide(network, flow), decide(bare, flow))


def _far(topology: Topology, item: CoverageItem, rule: PolicyRule) -> Iterator[End]:
    """The far endpoints that the item, or for a port its rule, names; then synthetic peers."""
    peers = (item.part,) if isinstance(item.part, PodPeer | IpBlock) else rule.peers
    for end in topology.ends:
        network = end.joined(topology.network)
        answers = (peer_matches(peer, item.policy.namespace, end.endpoint, network) for peer in peers)
        if not peers or any_of(answers).match is not Match.NO:
            yield end
    for peer in peers:
        synthetic = synthetic_peer(peer, item.policy, rule, topology.network)
        if synthetic is not None:
            yield synthetic


def _matches(item: CoverageItem, rule: PolicyRule, flow: Flow) -> bool:
    if isinstance(item.part, PolicyPort):
        return port_matches(item.part, flow).match is not Match.NO
    return ports_match(rule, flow).match is not Match.NO


def _listens(topology: Topology, target: End, port: int, protocol: str) -> bool:
    """Whether the target declares the port; an endpoint of the surroundings can be made to listen on any."""
    if target in topology.surroundings and target.name != DNS:
        return True
    ports = target.endpoint.ports if isinstance(target.endpoint, Pod) else ()
    return (port, protocol) in {(declared.number, declared.protocol) for declared in ports}


def _selects(policy: NetworkPolicy, end: End) -> bool:
    pod = end.endpoint
    return (
        isinstance(pod, Pod) and pod.namespace == policy.namespace and pod_selected(policy.pods, pod).match is Match.YES
    )
