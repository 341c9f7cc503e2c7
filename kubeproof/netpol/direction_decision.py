"""
One direction at one pod: which policies select it, which of their rules admit the far end, and the sentence of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kubeproof.manifests.policies import Direction, NetworkPolicy
from kubeproof.netpol.endpoints import Flow, Network, Pod, called
from kubeproof.netpol.matching import Answer, Match, all_of, any_of, peers_match, pod_selected, ports_match
from kubeproof.netpol.reach import Reach


@dataclass(frozen=True)
class RuleName:
    """A rule by the name of its policy and its place in it."""

    namespace: str
    policy: str
    direction: Direction
    index: int

    def __str__(self) -> str:
        return f"{self.policy} {self.direction.word}[{self.index}]"


@dataclass(frozen=True)
class Side:
    """The answer for one direction: the policies that select the pod, and the rules of theirs that admit the flow."""

    direction: Direction
    reach: Reach
    says: str
    selected_by: tuple[str, ...] = ()
    admitted_by: tuple[RuleName, ...] = ()


@dataclass(frozen=True)
class Ruling:
    """What one rule of a policy answers to a flow: does the policy select the pod, are far end and port named."""

    name: RuleName
    selects: Answer
    peers: Answer
    ports: Answer

    @property
    def admits(self) -> Answer:
        """Whether the rule is in force for the pod and admits the flow."""
        return all_of((self.selects, self.peers, self.ports))


def decide_side(network: Network, flow: Flow, direction: Direction) -> Side | None:
    """Decide one direction of a flow; None when its end there is no pod, which no policy can select."""
    near = flow.source if direction is Direction.EGRESS else flow.target
    if not isinstance(near, Pod):
        return None
    selecting = tuple(_selecting(network, near, direction))
    names = tuple(policy.name for policy, _ in selecting)
    rulings = tuple(_rulings(network, flow, direction, selecting))
    admitted_by = tuple(ruling.name for ruling in rulings if ruling.admits.match is Match.YES)
    reach, says = Reach.ALLOWED, f"{' and '.join(map(str, admitted_by))} {_verb('admit', admitted_by)} it"
    if not selecting:
        says = f"no policy selects {near.name} for {direction.word}"
    elif not admitted_by:
        # Selected for certain by none, or let through by a rule for all that is known: either way nobody can tell.
        doubt = any_of(ruling.admits for ruling in rulings)
        surely = any_of(answer for _, answer in selecting)
        reach, says = next(
            ((Reach.UNKNOWN, answer.says) for answer in (surely, doubt) if answer.match is Match.MAYBE),
            (Reach.BLOCKED, _closed(flow, direction, names, rulings)),
        )
    return Side(direction, reach, says, names, admitted_by)


def _selecting(network: Network, pod: Pod, direction: Direction) -> Iterator[tuple[NetworkPolicy, Answer]]:
    for policy in network.policies:
        if policy.namespace == pod.namespace and direction in policy.types:
            answer = pod_selected(policy.pods, pod)
            if answer.match is not Match.NO:
                yield policy, answer


def _rulings(
    network: Network, flow: Flow, direction: Direction, selecting: tuple[tuple[NetworkPolicy, Answer], ...]
) -> Iterator[Ruling]:
    far = flow.target if direction is Direction.EGRESS else flow.source
    for policy, selects in selecting:
        for index, rule in enumerate(policy.rules(direction)):
            yield Ruling(
                RuleName(policy.namespace, policy.name, direction, index),
                selects,
                peers_match(rule, policy.namespace, far, network),
                ports_match(rule, flow),
            )


def _closed(flow: Flow, direction: Direction, names: tuple[str, ...], rulings: tuple[Ruling, ...]) -> str:
    """Why a selected pod is closed to a flow; the rule that names the far end, if any, is the near miss."""
    here = f"selected for {direction.word} by {', '.join(names)}"
    near, far = called(flow.source), called(flow.target)
    if direction is Direction.INGRESS:
        near, far = far, near
    if not rulings:
        nobody = "may open no connection" if direction is Direction.EGRESS else "admits no connection"
        return f"{near} {nobody} ({here}, without an {direction.word} rule)"
    way = "to" if direction is Direction.EGRESS else "from"
    missing = f"{near} has no {direction.word} rule {way} {far}"
    misses = [ruling.name for ruling in rulings if ruling.peers.match is Match.YES]
    port = f"{flow.protocol} {flow.port}"
    if misses:
        miss = f"{' and '.join(map(str, misses))} {_verb('name', misses)} {far}, on other ports"
        return f"{missing} on {port} ({here}; {miss})"
    return f"{missing} ({here})"


def _verb(verb: str, subjects: tuple[RuleName, ...] | list[RuleName]) -> str:
    return verb if len(subjects) > 1 else f"{verb}s"
