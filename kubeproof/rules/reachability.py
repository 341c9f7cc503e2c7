"""Expected reachability: what the NetworkPolicies let everybody do, against what the intent says of each pair."""

from collections.abc import Iterator

from kubeproof.manifests.policies import Direction
from kubeproof.manifests.system import System
from kubeproof.netpol.direction_decision import DirectionDecision
from kubeproof.netpol.endpoints import Pod
from kubeproof.netpol.expected_reachability import ExpectedCell, ExpectedReachability, expected_reachability
from kubeproof.netpol.reach import Reach
from kubeproof.netpol.topology import DNS, NEWCOMER, OUTSIDE, STRANGER, own_names
from kubeproof.profile.intent import Profile
from kubeproof.rules.network_policies import SPECIFICATION
from kubeproof.rules.rule import PODS, Finding, Rule, Severity, broken, judged, titled

NOBODYS = (NEWCOMER, STRANGER, OUTSIDE)


def examine_reachability_intended(system: System, profile: Profile) -> Iterator[Finding]:
    """Every pair of the intent, on every port that its target declares."""
    expected = expected_reachability(system, profile)
    for cell in _wanted(expected, Reach.ALLOWED):
        if cell.target != DNS:
            yield _judged(system, cell)
    for source, target in expected.dangling:
        fix = "name a workload of the manifests, and a target with a container port"
        lacks = tuple(f"{kind}/{name}" for kind in PODS for name in (source, target))
        subject, found = f"profile {source} -> {target}", "no such pair in the manifests"
        yield broken(subject, "allowed", found, "a pair of theirs", fix, lacks)


REACHABILITY_INTENDED = Rule(
    name="static.reachability-intended",
    law="the policies let every pair of the intent talk, on every port that its target declares",
    source=SPECIFICATION,
    examine=examine_reachability_intended,
    nothing="the profile has no [[allowed]]",
)


def examine_dns_egress(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that calls another, and the cluster's DNS, over UDP and over TCP."""
    for cell in _wanted(expected_reachability(system, profile), Reach.ALLOWED):
        if cell.target == DNS:
            yield _judged(system, cell)


DNS_EGRESS = Rule(
    name="static.dns-egress",
    law="every workload that calls another may ask the cluster's DNS, over UDP and over TCP",
    source="RFC 7766: an answer too long for UDP is asked for again over TCP",
    examine=examine_dns_egress,
    nothing="no workload calls another in the profile's [[allowed]]",
)


def examine_stranger_denied(system: System, profile: Profile) -> Iterator[Finding]:
    """Every way in from nobody's pod, in the namespace and in another one, and from an address outside."""
    for cell in _wanted(expected_reachability(system, profile), Reach.BLOCKED):
        if cell.source in NOBODYS:
            yield _judged(system, cell)


STRANGER_DENIED = Rule(
    name="static.stranger-denied",
    law="nobody's pod and no address outside reaches a workload, but for entries in their own namespace",
    source=SPECIFICATION,
    examine=examine_stranger_denied,
    nothing="no workload declares a port",
)


def examine_no_unintended_path(system: System, profile: Profile) -> Iterator[Finding]:
    """
    Every other way that the intent does not say: between workloads, out of the system, in from those it admits.

    A profile that says nothing of who may talk has no intent that a way could be outside of.
    """
    if not profile.allowed:
        return
    for cell in _wanted(expected_reachability(system, profile), Reach.BLOCKED):
        if cell.source not in NOBODYS:
            yield _judged(system, cell)


NO_UNINTENDED_PATH = Rule(
    name="static.no-unintended-path",
    law="what the policies let the workloads and those they name reach, the intent says",
    source=SPECIFICATION,
    examine=examine_no_unintended_path,
    nothing="the profile has no [[allowed]]",
    severity=Severity.WARNING,
)


def _wanted(expected: ExpectedReachability, reach: Reach) -> Iterator[ExpectedCell]:
    yield from (cell for cell in expected.cells if cell.wanted is reach)


def _judged(system: System, cell: ExpectedCell) -> Finding:
    """What the policies make of a cell; it is found where the rule stands, or is missing, that decides it."""
    wanted = "allowed" if cell.wanted is Reach.ALLOWED else "blocked"
    holds = None if cell.seen is Reach.UNKNOWN else cell.seen is cell.wanted
    subject, field = _place(system, cell)
    # Any policy may shut or open a way.
    fix, lacks = _fix(system, cell), ("NetworkPolicy",)
    return judged(holds, subject, field, cell.decision.reason, f"{cell} {wanted}", fix, lacks)


def _place(system: System, cell: ExpectedCell) -> tuple[str, str]:
    titles = {name: titled(system, workload.kind, workload) for name, workload in own_names(system).items()}
    sides = [side for side in cell.decision.directions if side.reach is cell.seen] or list(cell.decision.directions)
    # Of two open sides the one with a rule to take back, else the one that is ours to close, the target's first.
    side = max(reversed(sides), key=lambda one: (bool(one.admitted_by), _near(cell, one) in titles))
    if side.admitted_by:
        rule = side.admitted_by[0]
        return f"NetworkPolicy/{rule.policy}", f"spec.{rule.direction.word}[{rule.index}]"
    if side.selected_by:
        return f"NetworkPolicy/{_nearest(system, cell, side)}", f"spec.{side.direction.word}"
    return titles.get(_near(cell, side), _near(cell, side)), ""


def _near(cell: ExpectedCell, side: DirectionDecision) -> str:
    return cell.source if side.direction is Direction.EGRESS else cell.target


def _nearest(system: System, cell: ExpectedCell, side: DirectionDecision) -> str:
    """Of the policies that select a pod the one that asks most of it: there its own rules stand."""
    end = cell.decision.flow.source if side.direction is Direction.EGRESS else cell.decision.flow.target
    asks = {
        policy.name: len(policy.pods.labels) + len(policy.pods.expressions)
        for policy in system.policies
        if isinstance(end, Pod) and policy.namespace == end.namespace and policy.name in side.selected_by
    }
    return max(asks, key=lambda name: asks[name])


def _fix(system: System, cell: ExpectedCell) -> str:
    pair = f"{cell.source} -> {cell.target}"
    if cell.seen is Reach.UNKNOWN:
        return "select by what is declared, or describe the namespace in the profile's [[neighbours]]"
    if cell.wanted is Reach.BLOCKED:
        # Only what is ours can be closed, and be said to talk.
        ours = [name for name in (cell.target, cell.source) if name in own_names(system)]
        meant = f", or say {pair} in the profile's [[allowed]]" if len(ours) == 2 else ""
        return f"close it at {' or at '.join(ours)}{meant}"
    shut = [f"an {side.direction.word} rule" for side in cell.decision.directions if side.reach is Reach.BLOCKED]
    return f"add {' and '.join(shut)} for {pair} on {cell.protocol} {cell.port}"
