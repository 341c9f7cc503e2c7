"""
One direction at one pod: which policies select it, which of their rules admit the other endpoint, and why.

The near endpoint is the pod that policies are asked about: the source for egress, the target for ingress. What a rule
answers to a flow is put together from `matching`; both directions of a flow are put together in `decision`.
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
class DirectionDecision:
    """The answer for one direction: the policies that select the pod, and those of their rules that admit the flow."""

    direction: Direction
    reach: Reach
    reason: str
    selected_by: tuple[str, ...] = ()
    admitted_by: tuple[RuleName, ...] = ()


@dataclass(frozen=True)
class RuleAnswer:
    """What one rule answers to a flow: does its policy select the pod, does it name the far endpoint and the port."""

    name: RuleName
    selects: Answer
    peers: Answer
    ports: Answer

    @property
    def admits(self) -> Answer:
        """Whether the rule is in force for the pod and admits the flow."""
        return all_of((self.selects, self.peers, self.ports))


def decide_direction(network: Network, flow: Flow, direction: Direction) -> DirectionDecision | None:
    """Decide one direction of a flow; None when its near endpoint is no pod, which no policy can select."""
    near = flow.source if direction is Direction.EGRESS else flow.target
    if not isinstance(near, Pod):
        return None
    selecting = tuple(_selecting(network, near, direction))
    names = tuple(policy.name for policy, _ in selecting)
    answers = tuple(_rule_answers(network, flow, direction, selecting))
    admitted_by = tuple(answer.name for answer in answers if answer.admits.match is Match.YES)
    reach, reason = Reach.ALLOWED, f"{' and '.join(map(str, admitted_by))} {_verb('admit', admitted_by)} it"
    if not selecting:
        reason = f"no policy selects {near.name} for {direction.word}"
    elif not admitted_by:
        # It may be that no policy selects the pod, or that a rule admits the flow: either way nobody can tell.
        selected = any_of(answer for _, answer in selecting)
        admitted = any_of(answer.admits for answer in answers)
        reach, reason = next(
            ((Reach.UNKNOWN, answer.reason) for answer in (selected, admitted) if answer.match is Match.MAYBE),
            (Reach.BLOCKED, _why_closed(flow, direction, names, answers)),
        )
    return DirectionDecision(direction, reach, reason, names, admitted_by)


def _selecting(network: Network, pod: Pod, direction: Direction) -> Iterator[tuple[NetworkPolicy, Answer]]:
    for policy in network.policies:
        if policy.namespace == pod.namespace and direction in policy.types:
            answer = pod_selected(policy.pods, pod)
            if answer.match is not Match.NO:
                yield policy, answer


def _rule_answers(
    network: Network, flow: Flow, direction: Direction, selecting: tuple[tuple[NetworkPolicy, Answer], ...]
) -> Iterator[RuleAnswer]:
    far = flow.target if direction is Direction.EGRESS else flow.source
    for policy, selects in selecting:
        for index, rule in enumerate(policy.rules(direction)):
            yield RuleAnswer(
                RuleName(policy.namespace, policy.name, direction, index),
                selects,
                peers_match(rule, policy.namespace, far, network),
                ports_match(rule, flow),
            )


def _why_closed(flow: Flow, direction: Direction, names: tuple[str, ...], answers: tuple[RuleAnswer, ...]) -> str:
    """Why a selected pod is closed to a flow; a rule that names the far endpoint, on other ports, is the near miss."""
    here = f"selected for {direction.word} by {', '.join(names)}"
    near, far = called(flow.source), called(flow.target)
    if direction is Direction.INGRESS:
        near, far = far, near
    if not answers:
        nobody = "may open no connection" if direction is Direction.EGRESS else "admits no connection"
        return f"{near} {nobody} ({here}, without an {direction.word} rule)"
    way = "to" if direction is Direction.EGRESS else "from"
    missing = f"{near} has no {direction.word} rule {way} {far}"
    misses = [answer.name for answer in answers if answer.peers.match is Match.YES]
    port = f"{flow.protocol} {flow.port}"
    if misses:
        miss = f"{' and '.join(map(str, misses))} {_verb('name', misses)} {far}, on other ports"
        return f"{missing} on {port} ({here}; {miss})"
    return f"{missing} ({here})"


def _verb(verb: str, subjects: tuple[RuleName, ...] | list[RuleName]) -> str:
    return verb if len(subjects) > 1 else f"{verb}s"
