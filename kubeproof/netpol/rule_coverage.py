"""
Witness coverage: for every peer and every port of every rule, a flow that would be lost without it.

An item with a witness among what is declared can be shown live. It is untestable when only a stand-in would show it,
when the other side is shut to all that it admits, or when nobody knows whom it admits. It is dead when the policies
without it say the same of everyone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from kubeproof.manifests.policies import Direction, IpBlock, NetworkPolicy, Peer, PodPeer, PolicyPort, Rule
from kubeproof.netpol.decision import Decision, decide
from kubeproof.netpol.endpoints import Flow, Pod
from kubeproof.netpol.matching import Match, any_of, peer_matches, pod_selected, port_matches, ports_match
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.synthetic_peers import End, probes, stand_in
from kubeproof.netpol.topology import DNS, Cast


class Worth(Enum):
    """What a peer or port is worth: something declared shows it, nothing declared can, or it changes nothing."""

    WITNESSED = "witnessed"
    UNTESTABLE = "untestable"
    DEAD = "dead"


@dataclass(frozen=True)
class Item:
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
class Witness:
    """What an item is worth, and why; `flow` is one that only this item admits, None when it is dead."""

    item: Item
    worth: Worth
    says: str
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
    def changes_a_side(self) -> bool:
        """Whether the item makes a difference to one side, though the other side or something unknown decides."""
        return any(one.reach is not two.reach for one, two in zip(self.before.sides, self.after.sides, strict=True))


def witnesses(cast: Cast) -> tuple[Witness, ...]:
    """Find a witness for every peer and port of every rule, those that are not in force included."""
    return tuple(_witness(cast, item) for policy in cast.network.policies for item in _items(policy))


def _items(policy: NetworkPolicy) -> Iterator[Item]:
    for direction in Direction:
        for index, rule in enumerate(policy.rules(direction)):
            parts = [*enumerate(rule.peers), *enumerate(rule.ports)]
            for place, part in parts:
                yield Item(policy, direction, index, part, place)
            if not parts:
                yield Item(policy, direction, index, None)


def without(item: Item) -> NetworkPolicy:
    """The policy without the item; a rule whose last peer or port is gone goes too, for it would admit everyone."""
    rules = list(item.policy.rules(item.direction))
    less = _shorter(rules[item.rule], item)
    rules[item.rule : item.rule + 1] = [less] if less else []
    if item.direction is Direction.INGRESS:
        return replace(item.policy, ingress=tuple(rules))
    return replace(item.policy, egress=tuple(rules))


def _shorter(rule: Rule, item: Item) -> Rule | None:
    if isinstance(item.part, PolicyPort):
        ports = (*rule.ports[: item.place], *rule.ports[item.place + 1 :])
        return replace(rule, ports=ports) if ports else None
    peers = (*rule.peers[: item.place], *rule.peers[item.place + 1 :])
    return replace(rule, peers=peers) if peers else None


def _witness(cast: Cast, item: Item) -> Witness:
    if item.direction not in item.policy.types:
        return Witness(item, Worth.DEAD, f"policyTypes does not list {item.direction.value}")
    near = tuple(end for end in cast.inside if _selects(item.policy, end))
    if not near:
        return Witness(item, Worth.DEAD, "the policy selects no workload")
    trials: list[Trial] = []
    for trial in _trials(cast, item, near):
        trials.append(trial)
        if trial.flips and trial.declared:
            return Witness(item, Worth.WITNESSED, f"without it {trial.flow} is {trial.after.says}", trial.flow)
    shown = next((trial for trial in trials if trial.flips), None)
    if shown:
        return Witness(item, Worth.UNTESTABLE, f"nothing declared shows it, only {shown.flow}", shown.flow)
    shut = next((trial for trial in trials if trial.changes_a_side), None)
    if shut:
        return Witness(item, Worth.UNTESTABLE, f"{shut.flow} is {shut.before.says}")
    return Witness(item, Worth.DEAD, _why_dead(item, trials))


def _why_dead(item: Item, trials: list[Trial]) -> str:
    if not trials:
        return "no port of what it reaches matches it" if isinstance(item.part, PolicyPort) else "nothing can match it"
    after = trials[0].after
    rules = [rule for side in after.sides for rule in side.admitted_by if side.direction is item.direction]
    if not rules:
        return after.says
    # When the rule went with the item, those behind it moved up: then its number names another.
    kept = _shorter(item.policy.rules(item.direction)[item.rule], item) is not None
    if kept and any(rule.policy == item.policy.name and rule.index == item.rule for rule in rules):
        beside = "ports" if isinstance(item.part, PolicyPort) else "peers"
        return f"all that it admits is admitted by other {beside} beside it"
    return f"all that it admits is admitted by other rules, as {trials[0].flow} by one of {rules[0].policy}"


def _trials(cast: Cast, item: Item, near: tuple[End, ...]) -> Iterator[Trial]:
    """Every flow that the item matches or may match, the declared ones first."""
    rule = item.policy.rules(item.direction)[item.rule]
    less = without(item)
    rules = tuple(each for policy in cast.network.policies for each in policy.rules(item.direction))
    for far in _far(cast, item, rule):
        network = far.joined(cast.network)
        bare = replace(network, policies=tuple(less if each is item.policy else each for each in network.policies))
        for end in near:
            source, target = (end, far) if item.direction is Direction.EGRESS else (far, end)
            if source.name == target.name:
                continue
            for port, protocol in probes(rules, target.endpoint):
                flow = Flow(source.endpoint, target.endpoint, port, protocol)
                if _matches(item, rule, flow):
                    declared = far in (*cast.inside, *cast.around) and _listens(cast, target, port, protocol)
                    yield Trial(flow, declared, decide(network, flow), decide(bare, flow))


def _far(cast: Cast, item: Item, rule: Rule) -> Iterator[End]:
    """The far ends that the item, or for a port its rule, names; then stand-ins for its peers."""
    peers = (item.part,) if isinstance(item.part, PodPeer | IpBlock) else rule.peers
    for end in cast.everyone:
        network = end.joined(cast.network)
        answers = (peer_matches(peer, item.policy.namespace, end.endpoint, network) for peer in peers)
        if not peers or any_of(answers).match is not Match.NO:
            yield end
    for peer in peers:
        guest = stand_in(peer, item.policy, rule, cast.network)
        if guest is not None:
            yield guest


def _matches(item: Item, rule: Rule, flow: Flow) -> bool:
    if isinstance(item.part, PolicyPort):
        return port_matches(item.part, flow).match is not Match.NO
    return ports_match(rule, flow).match is not Match.NO


def _listens(cast: Cast, target: End, port: int, protocol: str) -> bool:
    """Whether somebody declares the port; an end around the system can be made to listen on any."""
    if target in cast.around and target.name != DNS:
        return True
    return isinstance(target.endpoint, Pod) and (port, protocol) in {
        (p.number, p.protocol) for p in target.endpoint.ports
    }


def _selects(policy: NetworkPolicy, end: End) -> bool:
    pod = end.endpoint
    return (
        isinstance(pod, Pod) and pod.namespace == policy.namespace and pod_selected(policy.pods, pod).match is Match.YES
    )
