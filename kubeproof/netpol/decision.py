"""
The engine: whether a flow is allowed under networking.k8s.io/v1, and why.

A pod that no policy selects for a direction is open in it; a selected one is closed but for what some rule of some
policy that selects it admits (`direction_decision`). A flow is allowed when egress at its source and ingress at its
target are. Flows are between pods: a Service is resolved to a pod first, as it is in the cluster before policies are
asked.

Three things the specification leaves open are answered UNKNOWN where they matter, never guessed: pods on the host's
network (policies see either the pod or its node), a pod that calls itself, and a node that may or may not be the one
a pod runs on. Source: kubernetes.io, concepts, "Network Policies"; for a pod that calls itself,
kubernetes/kubernetes#95879.
"""

from dataclasses import dataclass, replace

from kubeproof.manifests.policies import Direction
from kubeproof.netpol.direction_decision import DirectionDecision, decide_direction
from kubeproof.netpol.endpoints import Endpoint, Flow, Network, Node, Pod, called
from kubeproof.netpol.reach import Reach


@dataclass(frozen=True)
class Decision:
    """The answer for a flow, and why; a direction is None when the endpoint there is no pod."""

    flow: Flow
    reach: Reach
    reason: str
    egress: DirectionDecision | None = None
    ingress: DirectionDecision | None = None

    @property
    def directions(self) -> tuple[DirectionDecision, ...]:
        """The directions in which policies were asked, egress first."""
        return tuple(decided for decided in (self.egress, self.ingress) if decided is not None)


def decide(network: Network, flow: Flow) -> Decision:
    """Decide a flow under the policies of a network."""
    as_pods = _decide(network, flow)
    on_host = [end.name for end in (flow.source, flow.target) if isinstance(end, Pod) and end.host_network]
    if not on_host:
        return as_pods
    as_nodes = _decide(network, replace(flow, source=_as_node(flow.source), target=_as_node(flow.target)))
    if as_pods.reach is as_nodes.reach:
        return as_pods
    undefined = f"whether policies see {' and '.join(on_host)}, on the host's network, as pod or as node is undefined"
    return replace(as_pods, reach=Reach.UNKNOWN, reason=f"cannot tell: {undefined}")


def _as_node(end: Endpoint) -> Endpoint:
    return Node(end.node, end.addresses) if isinstance(end, Pod) and end.host_network else end


def _decide(network: Network, flow: Flow) -> Decision:
    egress = decide_direction(network, flow, Direction.EGRESS)
    ingress = decide_direction(network, flow, Direction.INGRESS)
    asked = Decision(flow, Reach.ALLOWED, "", egress, ingress)
    found = {decided.reach for decided in asked.directions}
    reach = next((worse for worse in (Reach.BLOCKED, Reach.UNKNOWN) if worse in found), Reach.ALLOWED)
    reason = _reason(reach, asked.directions)
    if reach is not Reach.ALLOWED:
        reach, reason = _exempt(flow) or (reach, reason)
    return replace(asked, reach=reach, reason=reason)


def _exempt(flow: Flow) -> tuple[Reach, str] | None:
    """The answer that policies cannot change: between a pod and itself, and between a pod and its own node."""
    if flow.source == flow.target:
        return Reach.UNKNOWN, f"cannot tell: {called(flow.source)} calls itself, and there network plugins differ"
    ends = (flow.source, flow.target)
    pod = next((end for end in ends if isinstance(end, Pod)), None)
    node = next((end for end in ends if isinstance(end, Node)), None)
    if pod is None or node is None:
        return None
    if pod.node is None or node.name is None:
        unknown = f"nothing says whether {pod.name} runs on {called(node)}, and a pod cannot be closed to its own node"
        return Reach.UNKNOWN, f"cannot tell: {unknown}"
    if pod.node == node.name:
        return Reach.ALLOWED, f"allowed: {pod.name} runs on {node.name}, and a pod cannot be closed to its own node"
    return None


def _reason(reach: Reach, directions: tuple[DirectionDecision, ...]) -> str:
    """The answer in words and its reasons; beside a closed direction, the rule that admits the flow in the other."""
    word = {Reach.ALLOWED: "allowed", Reach.BLOCKED: "blocked", Reach.UNKNOWN: "cannot tell"}[reach]
    reasons = [decided.reason for decided in directions if decided.reach is reach]
    if reach is not Reach.ALLOWED:
        reasons += [f"though {decided.reason}" for decided in directions if decided.admitted_by]
    return f"{word}: {'; '.join(reasons) or 'no pod is at either end'}"
