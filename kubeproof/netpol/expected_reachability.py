"""
Reachability on paper: what the declared policies let every declared workload do, beside what the intent says.

Beside the workloads stand ends that every namespace has to reckon with: another pod of the namespace, a pod of another
one, an address outside, the cluster's DNS; and a stand-in for each peer that a policy names and nothing declares.
"""

from dataclasses import dataclass
from functools import cached_property

from kubeproof.manifests.policies import Direction, Selector
from kubeproof.manifests.system import System
from kubeproof.netpol.decision import Decision, decide
from kubeproof.netpol.endpoints import Flow, Network, Pod
from kubeproof.netpol.matching import Match, peer_matches
from kubeproof.netpol.matrix import draw
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.synthetic_peers import End, probes
from kubeproof.netpol.topology import CLUSTER_DNS, DNS, OUTSIDE, STRANGER, Cast, cast_of
from kubeproof.profile.intent import Profile


@dataclass(frozen=True)
class PaperCell:
    """
    One source, one port of one target; `wanted` is None where the intent leaves it open.

    `one_sided` when it is blocked although a rule of the other side names its end: a rule without effect.
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
        """What the policies make of it."""
        return self.decision.reach

    @property
    def wrong(self) -> bool:
        """Whether the policies decide it, and otherwise than the intent."""
        return self.wanted is not None and self.seen is not Reach.UNKNOWN and self.seen is not self.wanted

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol} {self.port}"


@dataclass(frozen=True)
class Paper:
    """The matrix of a declared system; sources and targets in the order in which they are drawn."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    cells: tuple[PaperCell, ...]
    dangling: tuple[tuple[str, str], ...] = ()

    @cached_property
    def missing(self) -> tuple[PaperCell, ...]:
        """What the intent says and the policies block."""
        return tuple(cell for cell in self.cells if cell.wrong and cell.wanted is Reach.ALLOWED)

    @cached_property
    def unintended(self) -> tuple[PaperCell, ...]:
        """What the policies allow and the intent does not say."""
        return tuple(cell for cell in self.cells if cell.wrong and cell.wanted is Reach.BLOCKED)

    @cached_property
    def undecided(self) -> tuple[PaperCell, ...]:
        """What the intent says, one way or the other, and the policies leave open."""
        return tuple(cell for cell in self.cells if cell.wanted is not None and cell.seen is Reach.UNKNOWN)

    @cached_property
    def one_sided(self) -> tuple[PaperCell, ...]:
        """What one side admits by name and the other blocks, and the intent does not miss."""
        return tuple(cell for cell in self.cells if cell.one_sided and not cell.wrong)

    def text(self) -> str:
        """The matrix, and the odd cells with their reasons."""
        kinds = (
            ("missing", self.missing),
            ("not in the intent", self.unintended),
            ("cannot tell", self.undecided),
            ("one side only", self.one_sided),
        )
        odd = [f"{kind:<18}  {cell}  {cell.decision.says}" for kind, cells in kinds for cell in cells]
        odd += [f"{'no such pair':<18}  {source} -> {target}" for source, target in self.dangling]
        return "\n".join([draw(self.sources, self.targets, self.cells), *odd])


def on_paper(system: System, profile: Profile, *, dns: Pod = CLUSTER_DNS) -> Paper:
    """Decide every pair of a declared system, and set the intent beside it."""
    cast = cast_of(system, profile, dns=dns)
    intent = _Intent(profile, frozenset(end.name for end in cast.inside))
    cells = tuple(
        _cell(cast, intent, source, target, port, protocol)
        for source in cast.everyone
        for target in cast.everyone
        if source.name != target.name and (source in cast.inside or target in cast.inside)
        # What the DNS itself calls is the cluster's affair.
        if source.name != DNS
        for port, protocol in _asked(cast, target)
    )
    pairs = {(cell.source, cell.target) for cell in cells}
    return Paper(
        sources=_named(cast, {source for source, _ in pairs}),
        targets=_named(cast, {target for _, target in pairs}),
        cells=cells,
        dangling=tuple(pair for pair in intent.allowed if pair not in pairs),
    )


def _named(cast: Cast, names: set[str]) -> tuple[str, ...]:
    return tuple(end.name for end in cast.everyone if end.name in names)


def _asked(cast: Cast, target: End) -> tuple[tuple[int, str], ...]:
    """The ports that a target declares; where it declares none, those at which an egress rule could differ."""
    if target in cast.inside or target.name == DNS:
        assert isinstance(target.endpoint, Pod)
        return tuple(dict.fromkeys((port.number, port.protocol) for port in target.endpoint.ports))
    closing = [policy for policy in cast.network.policies if Direction.EGRESS in policy.types]
    return probes((rule for policy in closing for rule in policy.egress), target.endpoint)


def _cell(cast: Cast, intent: "_Intent", source: End, target: End, port: int, protocol: str) -> PaperCell:
    network = target.joined(source.joined(cast.network))
    decision = decide(network, Flow(source.endpoint, target.endpoint, port, protocol))
    wanted = None if _asks_dns(cast, target, port, protocol) else intent.wants(source.name, target.name)
    half = decision.reach is Reach.BLOCKED and _is_named(network, decision)
    return PaperCell(source.name, target.name, port, protocol, wanted, decision, half)


def _asks_dns(cast: Cast, target: End, port: int, protocol: str) -> bool:
    """Whether a flow is the same as one to the DNS, for a policy that knows it by its namespace alone."""
    dns = next(end.endpoint for end in cast.around if end.name == DNS)
    assert isinstance(dns, Pod)
    beside = isinstance(target.endpoint, Pod) and target.endpoint.namespace == dns.namespace and target.name != DNS
    return beside and (port, protocol) in {(each.number, each.protocol) for each in dns.ports}


def _is_named(network: Network, decision: Decision) -> bool:
    """Whether a rule that admits the flow on one side names the other end, and not just everyone."""
    policies = {(policy.namespace, policy.name): policy for policy in network.policies}
    for side in decision.sides:
        far = decision.flow.target if side.direction is Direction.EGRESS else decision.flow.source
        for rule in side.admitted_by:
            policy = policies[rule.namespace, rule.policy]
            for peer in policy.rules(side.direction)[rule.index].peers:
                narrow = getattr(peer, "pods", None) not in (None, Selector())
                if narrow and peer_matches(peer, policy.namespace, far, network).match is Match.YES:
                    return True
    return False


class _Intent:
    """What a profile says of a pair: its talks, and what follows from its entries and backups."""

    def __init__(self, profile: Profile, workloads: frozenset[str]) -> None:
        backups = [(task, each.workload) for each in profile.backups for task in (each.backup, each.restore)]
        self.allowed = tuple(dict.fromkeys([*((pair.source, pair.target) for pair in profile.allowed), *backups]))
        self._entries = {entry.workload for entry in profile.entries}
        self._callers = {source for source, _ in self.allowed}
        self._workloads = workloads

    def wants(self, source: str, target: str) -> Reach | None:
        """Allowed or blocked, or None: the intent leaves it open."""
        if (source, target) in self.allowed:
            return Reach.ALLOWED
        if target == DNS:
            # Who calls somebody has to look up a name first; who calls nobody may look one up all the same.
            return Reach.ALLOWED if source in self._callers else None
        if target in self._entries and source not in {*self._workloads, STRANGER, OUTSIDE}:
            # Traffic enters here: from whom a policy names, or from the namespace; never from just anybody.
            return None
        return Reach.BLOCKED
