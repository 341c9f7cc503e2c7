"""
Expected reachability: every pair of a system's topology decided by its policies, beside what the profile says of it.

The pairs are those of `topology`, each decided by `decision` on every port of its target; the result is drawn by
`matrix`. Without a cluster: what a cluster does is observed, and judged in `kubeproof.checks.isolation`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from kubeproof.manifests.policies import Direction, Selector
from kubeproof.manifests.system import System
from kubeproof.netpol.decision import Decision, decide
from kubeproof.netpol.endpoints import End, Endpoint, Flow, Network, Pod
from kubeproof.netpol.matching import Match, peer_matches
from kubeproof.netpol.matrix import draw
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.synthetic_peers import boundary_ports
from kubeproof.netpol.topology import CLUSTER_DNS, DNS, OUTSIDE, STRANGER, Topology, topology_of
from kubeproof.profile.intent import Profile


@dataclass(frozen=True)
class ExpectedCell:
    """
    One source, one port of one target; `wanted` is None where the intent leaves it open.

    `one_sided` when the flow is blocked although a rule admits it by name in one direction: a rule without effect.
    """

    source: str
    target: str
    port: int
    protocol: str
    wanted: Reach | None
    decision: Decision
    one_sided: bool = False

    @property
    def seen(self) -> Reach:
        """Whether the policies allow it."""
        return self.decision.reach

    @property
    def wrong(self) -> bool:
        """Whether the policies decide it, and differently from the intent."""
        return self.wanted is not None and self.seen is not Reach.UNKNOWN and self.seen is not self.wanted

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol} {self.port}"


@dataclass(frozen=True)
class ExpectedReachability:
    """
    The matrix of a declared system; sources and targets in the order in which they are drawn.

    `dangling` are pairs of the intent that the topology does not have.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    cells: tuple[ExpectedCell, ...]
    dangling: tuple[tuple[str, str], ...] = ()

    @cached_property
    def missing(self) -> tuple[ExpectedCell, ...]:
        """What the intent says and the policies block."""
        return tuple(cell for cell in self.cells if cell.wrong and cell.wanted is Reach.ALLOWED)

    @cached_property
    def unintended(self) -> tuple[ExpectedCell, ...]:
        """What the policies allow and the intent does not say."""
        return tuple(cell for cell in self.cells if cell.wrong and cell.wanted is Reach.BLOCKED)

    @cached_property
    def undecided(self) -> tuple[ExpectedCell, ...]:
        """What the intent says, one way or the other, and the policies leave open."""
        return tuple(cell for cell in self.cells if cell.wanted is not None and cell.seen is Reach.UNKNOWN)

    @cached_property
    def one_sided(self) -> tuple[ExpectedCell, ...]:
        """What is admitted by name in one direction and blocked in the other, and agrees with the intent."""
        return tuple(cell for cell in self.cells if cell.one_sided and not cell.wrong)

    def text(self) -> str:
        """The matrix, and the odd cells with their reasons."""
        kinds = (
            ("missing", self.missing),
            ("not in the intent", self.unintended),
            ("cannot tell", self.undecided),
            ("one side only", self.one_sided),
        )
        odd = [f"{kind:<18}  {cell}  {cell.decision.reason}" for kind, cells in kinds for cell in cells]
        odd += [f"{'no such pair':<18}  {source} -> {target}" for source, target in self.dangling]
        return "\n".join([draw(self.sources, self.targets, self.cells), *odd])


def expected_reachability(system: System, profile: Profile, *, dns: Pod = CLUSTER_DNS) -> ExpectedReachability:
    """Decide every pair of a declared system, and set the intent beside it."""
    topology = topology_of(system, profile, dns=dns)
    intent = _Intent(profile, frozenset(end.name for end in topology.workloads))
    cells = tuple(
        _cell(topology, intent, source, target, port, protocol)
        for source in topology.ends
        for target in topology.ends
        if source in topology.workloads or target in topology.workloads
        # Two pods of a workload are a pair; of what surrounds it, nothing is known of its pods.
        if source.name != target.name or (source.name, target.name) in intent.allowed
        # What the DNS itself calls is not for the system to decide.
        if source.name != DNS
        for port, protocol in _asked(topology, target)
    )
    pairs = {(cell.source, cell.target) for cell in cells}
    return ExpectedReachability(
        sources=_named(topology, {source for source, _ in pairs}),
        targets=_named(topology, {target for _, target in pairs}),
        cells=cells,
        dangling=tuple(pair for pair in intent.allowed if pair not in pairs),
    )


def _named(topology: Topology, names: set[str]) -> tuple[str, ...]:
    return tuple(end.name for end in topology.ends if end.name in names)


def _asked(topology: Topology, target: End) -> tuple[tuple[int, str], ...]:
    """The ports of a workload and of the DNS; of other targets those at which egress rules could differ."""
    if target in topology.workloads or target.name == DNS:
        assert isinstance(target.endpoint, Pod)
        return tuple(dict.fromkeys((port.number, port.protocol) for port in target.endpoint.ports))
    closing = [policy for policy in topology.network.policies if Direction.EGRESS in policy.types]
    return boundary_ports((rule for policy in closing for rule in policy.egress), target.endpoint)


def _cell(topology: Topology, intent: "_Intent", source: End, target: End, port: int, protocol: str) -> ExpectedCell:
    network = target.joined(source.joined(topology.network))
    decision = decide(network, Flow(_another(source, target), target.endpoint, port, protocol))
    wanted = None if _asks_dns(topology, target, port, protocol) else intent.wants(source.name, target.name)
    one_sided = decision.reach is Reach.BLOCKED and _is_named(network, decision)
    return ExpectedCell(source.name, target.name, port, protocol, wanted, decision, one_sided)


def _another(source: End, target: End) -> Endpoint:
    """The endpoint of a source; where it is the target's as well, that of another replica."""
    pod = source.endpoint
    return replace(pod, name=f"another {pod.name}") if source.name == target.name and isinstance(pod, Pod) else pod


def _asks_dns(topology: Topology, target: End, port: int, protocol: str) -> bool:
    """Whether a flow looks like one to the DNS, to a policy that selects the DNS by its namespace alone."""
    dns = next(end.endpoint for end in topology.surroundings if end.name == DNS)
    assert isinstance(dns, Pod)
    beside = isinstance(target.endpoint, Pod) and target.endpoint.namespace == dns.namespace and target.name != DNS
    return beside and (port, protocol) in {(listening.number, listening.protocol) for listening in dns.ports}


def _is_named(network: Network, decision: Decision) -> bool:
    """Whether a rule admits the flow in one direction and names the far endpoint, not just everyone."""
    policies = {(policy.namespace, policy.name): policy for policy in network.policies}
    for decided in decision.directions:
        far = decision.flow.target if decided.direction is Direction.EGRESS else decision.flow.source
        for rule in decided.admitted_by:
            policy = policies[rule.namespace, rule.policy]
            for peer in policy.rules(decided.direction)[rule.index].peers:
                narrow = getattr(peer, "pods", None) not in (None, Selector())
                if narrow and peer_matches(peer, policy.namespace, far, network).match is Match.YES:
                    return True
    return False


class _Intent:
    """What a profile says of a pair: its allowed pairs, and what follows from its entries and backups."""

    def __init__(self, profile: Profile, workloads: frozenset[str]) -> None:
        backups = [(job, backup.workload) for backup in profile.backups for job in (backup.backup, backup.restore)]
        self.allowed = tuple(dict.fromkeys([*((pair.source, pair.target) for pair in profile.allowed), *backups]))
        self._entries = {entry.workload for entry in profile.entries}
        self._callers = {source for source, _ in self.allowed}
        self._workloads = workloads

    def wants(self, source: str, target: str) -> Reach | None:
        """Allowed or blocked, or None: the intent leaves it open."""
        if (source, target) in self.allowed:
            return Reach.ALLOWED
        if target == DNS:
            # A caller has to look up a name first; for a workload that calls nobody it is left open.
            return Reach.ALLOWED if source in self._callers else None
        if target in self._entries and source not in {*self._workloads, STRANGER, OUTSIDE}:
            # Traffic enters here: from a peer that a policy names, or from the namespace; never from just anybody.
            return None
        return Reach.BLOCKED
