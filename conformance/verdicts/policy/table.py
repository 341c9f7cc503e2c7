"""
All pairs at once: the engine's answers without their reasons, for as many pods as a cluster has.

Sets of ends are the bits of an integer. Pods that the same policies select share one computation, so that a thousand
pods under a hundred policies are a matter of seconds. Ends that need more than their policies are asked one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from conformance.declared.policies import Direction, Peer, Rule
from conformance.verdicts.policy.deciding import decide
from conformance.verdicts.policy.endpoints import Endpoint, Flow, Network, Node, Outside, Pod
from conformance.verdicts.policy.matching import Match, peer_matches, pod_selected, ports_match
from conformance.verdicts.policy.standins import Probe
from conformance.verdicts.reach import Reach

# The policies that surely select an end, and those that perhaps do, by their places in the network.
Selecting = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Reached:
    """Two sets of ends: those surely reached, and those not surely shut; between them lies what nobody can tell."""

    surely: int = 0
    perhaps: int = 0

    def __or__(self, other: "Reached") -> "Reached":
        return Reached(self.surely | other.surely, self.perhaps | other.perhaps)

    def __and__(self, other: "Reached") -> "Reached":
        return Reached(self.surely & other.surely, self.perhaps & other.perhaps)


@dataclass(frozen=True)
class Table:
    """The answers for all ordered pairs of `ends` at all `probes`; `rows` are by probe, then by source."""

    ends: tuple[Endpoint, ...]
    probes: tuple[Probe, ...]
    rows: tuple[tuple[Reached, ...], ...]

    def reach(self, source: int, target: int, probe: int) -> Reach:
        """The answer for a pair and a probe by their places."""
        row = self.rows[probe][source]
        if row.surely >> target & 1:
            return Reach.ALLOWED
        return Reach.UNKNOWN if row.perhaps >> target & 1 else Reach.BLOCKED


def tabulate(network: Network, ends: Sequence[Endpoint], probes: Iterable[Probe]) -> Table:
    """Decide every ordered pair of ends at every probe."""
    asked = tuple(probes)
    columns = _Columns(network, tuple(ends))
    return Table(tuple(ends), asked, tuple(columns.rows(probe) for probe in asked))


class _Columns:
    """The sets that all probes share: which policies select whom, and whom each peer names."""

    def __init__(self, network: Network, ends: tuple[Endpoint, ...]) -> None:
        self._network, self._ends = network, ends
        everyone = (1 << len(ends)) - 1
        self._everyone = Reached(everyone, everyone)
        self._named: dict[tuple[Peer, str], Reached] = {}
        self._alike: dict[Endpoint, list[int]] = {}
        for n, end in enumerate(ends):
            self._alike.setdefault(end, []).append(n)
        self._special = tuple(n for n, end in enumerate(ends) if _is_special(end))
        self._selecting = {
            direction: tuple(_selecting(network, end, direction) for end in ends) for direction in Direction
        }

    def rows(self, probe: Probe) -> tuple[Reached, ...]:
        """What each source reaches at one probe."""
        rows = [out & into for out, into in zip(self._egress(probe), self._ingress(probe), strict=True)]
        places = range(len(self._ends))
        # An end that stands here twice is one end, and a call between the two is a call to itself.
        same = {(n, m) for n in places for m in self._alike[self._ends[n]]}
        odd = same | {pair for n in self._special for m in places for pair in ((n, m), (m, n))}
        for source, target in odd:
            reach = decide(self._network, Flow(self._ends[source], self._ends[target], *probe)).reach
            rows[source] = _with(rows[source], target, reach)
        return tuple(rows)

    def _egress(self, probe: Probe) -> list[Reached]:
        """By source, the targets that its policies let it call."""
        found: dict[Selecting, Reached] = {}
        for selecting in self._selecting[Direction.EGRESS]:
            if selecting not in found:
                found[selecting] = self._admitted(selecting, Direction.EGRESS, partial(self._listening, probe))
        return [found[selecting] for selecting in self._selecting[Direction.EGRESS]]

    def _ingress(self, probe: Probe) -> list[Reached]:
        """By source, the targets whose policies let it in; computed by target and turned round."""
        alike: dict[tuple[Selecting, object], list[int]] = {}
        for target, (selecting, end) in enumerate(zip(self._selecting[Direction.INGRESS], self._ends, strict=True)):
            # Targets under the same policies differ only in what the names of ports mean there.
            names = (end.ports, end.known) if isinstance(end, Pod) and any(selecting) else None
            alike.setdefault((selecting, names), []).append(target)
        surely, perhaps = [0] * len(self._ends), [0] * len(self._ends)
        for (selecting, _), targets in alike.items():
            one = Flow(self._ends[targets[0]], self._ends[targets[0]], *probe)
            sources = self._admitted(selecting, Direction.INGRESS, partial(self._fitting, one))
            here = sum(1 << target for target in targets)
            for source in _places(sources.surely):
                surely[source] |= here
            for source in _places(sources.perhaps):
                perhaps[source] |= here
        return [Reached(*row) for row in zip(surely, perhaps, strict=True)]

    def _admitted(self, selecting: Selecting, direction: Direction, at: Callable[[Rule], Reached]) -> Reached:
        """The far ends that policies admit to the pods they select; `at` are those at which a rule's ports fit."""
        surely, perhaps = selecting
        if not surely and not perhaps:
            return self._everyone
        admitted = self._rules(surely, direction, at)
        if not surely:
            return Reached(0, self._everyone.perhaps)
        return Reached(admitted.surely, admitted.perhaps | self._rules(perhaps, direction, at).perhaps)

    def _rules(self, places: tuple[int, ...], direction: Direction, at: Callable[[Rule], Reached]) -> Reached:
        found = Reached()
        for policy in (self._network.policies[place] for place in places):
            for rule in policy.rules(direction):
                found |= self._peers(rule, policy.namespace) & at(rule)
        return found

    def _peers(self, rule: Rule, namespace: str) -> Reached:
        found = Reached() if rule.peers else self._everyone
        for peer in rule.peers:
            key = (peer, namespace)
            if key not in self._named:
                matches = (peer_matches(peer, namespace, end, self._network).match for end in self._ends)
                self._named[key] = _set_of(matches)
            found |= self._named[key]
        return found

    def _listening(self, probe: Probe, rule: Rule) -> Reached:
        """The targets at which the ports of a rule fit."""
        if any(isinstance(port.port, str) for port in rule.ports):
            return _set_of(ports_match(rule, Flow(end, end, *probe)).match for end in self._ends)
        nobody = Outside("")
        return self._fitting(Flow(nobody, nobody, *probe), rule)

    def _fitting(self, flow: Flow, rule: Rule) -> Reached:
        """Everyone when the ports of a rule fit a flow, else nobody."""
        match = ports_match(rule, flow).match
        return Reached(self._everyone.surely * (match is Match.YES), self._everyone.perhaps * (match is not Match.NO))


def _selecting(network: Network, end: Endpoint, direction: Direction) -> Selecting:
    """The policies that surely select an end, and those that perhaps do."""
    if not isinstance(end, Pod):
        return (), ()
    found: dict[Match, list[int]] = {match: [] for match in Match}
    for place, policy in enumerate(network.policies):
        if policy.namespace == end.namespace and direction in policy.types:
            found[pod_selected(policy.pods, end).match].append(place)
    return tuple(found[Match.YES]), tuple(found[Match.MAYBE])


def _is_special(end: Endpoint) -> bool:
    """Whether more than policies decides about an end: a node, or a pod on the network of one."""
    return isinstance(end, Node) or (isinstance(end, Pod) and end.host_network)


def _set_of(matches: Iterable[Match]) -> Reached:
    surely = perhaps = 0
    for n, match in enumerate(matches):
        surely |= (match is Match.YES) << n
        perhaps |= (match is not Match.NO) << n
    return Reached(surely, perhaps)


def _places(ends: int) -> list[int]:
    """The places of a set's members."""
    return [place for place, bit in enumerate(reversed(f"{ends:b}")) if bit == "1"]


def _with(row: Reached, target: int, reach: Reach) -> Reached:
    bit = 1 << target
    surely = row.surely | bit if reach is Reach.ALLOWED else row.surely & ~bit
    perhaps = row.perhaps & ~bit if reach is Reach.BLOCKED else row.perhaps | bit
    return Reached(surely, perhaps)
