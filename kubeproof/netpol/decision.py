"""
The engine: whether a flow is allowed under networking.k8s.io/v1, and why.

A pod that no policy selects for a direction is open in it; a selected one is closed but for what some rule of some
policy that selects it admits. A flow is allowed when its source may open it and its target may receive it. Flows are
between pods: a Service is resolved to a pod first, as it is in the cluster before policies are asked.

Three things the specification leaves open are answered UNKNOWN where they matter, never guessed: pods on the host's
network (policies see either the pod or its node), a pod that calls itself, and a node that may or may not be the one
a pod runs on. Source: kubernetes.io, concepts, "Network Policies"; for a pod that calls itself,
kubernetes/kubernetes#95879.
"""

from dataclasses import dataclass, replace

from kubeproof.manifests.policies import Direction
from kubeproof.netpol.direction_decision import Side, decide_side
from kubeproof.netpol.endpoints import Endpoint, Flow, Network, Node, Pod, called
from kubeproof.netpol.reach import Reach


@dataclass(frozen=True)
class Decision:
    """The answer for a flow, as a sentence too; a side is None when its end is no pod."""

    flow: Flow
    reach: Reach
    says: str
    egress: Side | None = None
    ingress: Side | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides at which policies were asked, the source's first."""
        return tuple(side for side in (self.egress, self.ingress) if side is not None)


def decide(network: Network, flow: Flow) -> Decision:
    """Decide a flow under the policies of a network."""
    as_pods = _decide(network, flow)
    hosts = [end.name for end in (flow.source, flow.target) if isinstance(end, Pod) and end.host_network]
    if not hosts:
        return as_pods
    as_nodes = _decide(network, replace(flow, source=_as_node(flow.source), target=_as_node(flow.target)))
    if as_pods.reach is as_nodes.reach:
        return as_pods
    undefined = f"whether policies see {' and '.join(hosts)}, on the host's network, as pod or as node is undefined"
    return replace(as_pods, reach=Reach.UNKNOWN, says=f"cannot tell: {undefined}")


def _as_node(end: Endpoint) -> Endpoint:
    return Node(end.node, end.addresses) if isinstance(end, Pod) and end.host_network else end


def _decide(network: Network, flow: Flow) -> Decision:
    egress, ingress = (decide_side(network, flow, direction) for direction in (Direction.EGRESS, Direction.INGRESS))
    asked = Decision(flow, Reach.ALLOWED, "", egress, ingress)
    found = {side.reach for side in asked.sides}
    reach = next((worse for worse in (Reach.BLOCKED, Reach.UNKNOWN) if worse in found), Reach.ALLOWED)
    says = _sentence(reach, asked.sides)
    if reach is not Reach.ALLOWED:
        reach, says = _exempt(flow) or (reach, says)
    return replace(asked, reach=reach, says=says)


def _exempt(flow: Flow) -> tuple[Reach, str] | None:
    """What holds of two ends whatever policies say: of a pod and itself, and of a pod and its own node."""
    if flow.source == flow.target:
        return Reach.UNKNOWN, f"cannot tell: {called(flow.source)} calls itself, and there network plugins differ"
    ends = (flow.source, flow.target)
    pod = next((end for end in ends if isinstance(end, Pod)), None)
    node = next((end for end in ends if isinstance(end, Node)), None)
    if pod is None or node is None:
        return None
    if pod.node is None or node.name is None:
        says = f"nothing says whether {pod.name} runs on {called(node)}, and a pod cannot be closed to its own node"
        return Reach.UNKNOWN, f"cannot tell: {says}"
    if pod.node == node.name:
        return Reach.ALLOWED, f"allowed: {pod.name} runs on {node.name}, and a pod cannot be closed to its own node"
    return None


def _sentence(reach: Reach, sides: tuple[Side, ...]) -> str:
    """The answer and its reasons; beside a closed side, the rule by which the other would let the flow through."""
    word = {Reach.ALLOWED: "allowed", Reach.BLOCKED: "blocked", Reach.UNKNOWN: "cannot tell"}[reach]
    reasons = [side.says for side in sides if side.reach is reach]
    if reach is not Reach.ALLOWED:
        reasons += [f"though {side.says}" for side in sides if side.admitted_by]
    return f"{word}: {'; '.join(reasons) or 'no pod is at either end'}"
