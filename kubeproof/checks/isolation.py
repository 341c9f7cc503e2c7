"""
isolation.reachability: of all ordered pairs, exactly the declared ones connect.

A cell is ALLOWED when its source connected. It is BLOCKED only when the attempt failed although its source could
connect to something and, where it ought to be blocked, something could connect to the same pod and port, all about
then: without that, a dead target would look like a well-guarded one. All else is UNKNOWN.
"""

from dataclasses import dataclass

from kubeproof.checks import isolation_premises as premises
from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.checks.reach_attempts import FAILED, Attempts
from kubeproof.evidence.questions import Lines, number, unmet
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.netpol.matrix import draw
from kubeproof.netpol.reach import Reach
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Outcome, Verdict, failed, passed


@dataclass(frozen=True)
class Cell:
    """
    One source, one port of one target: what the intent wants, what was seen, and the words of it.

    Of several pods at either end the worst counts: one that is wrong, else one that could not be told.
    """

    source: str
    target: str
    port: int
    wanted: Reach
    seen: Reach
    words: str
    line: int | None = None

    @property
    def wrong(self) -> bool:
        """Whether what was seen is known and not what is wanted."""
        return self.seen is not Reach.UNKNOWN and self.seen is not self.wanted

    @property
    def badness(self) -> int:
        """0 as wanted, 1 not known, 2 wrong."""
        return 2 if self.wrong else int(self.seen is Reach.UNKNOWN)


@dataclass(frozen=True)
class Matrix(Fact):
    """The truth table as a fact of its own; `message` is the table drawn, wrong cells in brackets."""

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()


def judge_reachability(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge all pairs of workloads, replicas of one among them, and the stranger as a source, from reach lines."""
    del subject
    reason = unmet(lines)
    if reason:
        return reason
    attempts, sources, targets = Attempts(lines), premises.sources(system), premises.targets(system)
    allowed = {(pair.source, pair.target) for pair in profile.allowed}
    cells = tuple(
        _cell(attempts, source, target, port, Reach.ALLOWED if (source, target) in allowed else Reach.BLOCKED)
        for source in sources
        for target, ports in targets.items()
        for port in ports
        if source != target or len(attempts.ready_pods(source)) > 1 or attempts.of_pair(source, target, port)
    )
    dangling = allowed - {(cell.source, cell.target) for cell in cells}
    return _verdict(sources, tuple(targets), cells, dangling, _untried(system))


def _untried(system: System) -> tuple[str, ...]:
    """What runs and nobody connects to, or from: its name and why."""
    portless = [f"{workload.title} has no TCP port" for workload in system.workloads if not workload.tcp_ports]
    datagrams = [
        f"{workload.title} listens on {port.protocol} {port.number}"
        for workload in system.workloads
        for port in workload.ports
        if port.protocol != "TCP"
    ]
    return (*portless, *datagrams, *(f"{daemon.title} is tried neither way" for daemon in system.daemons))


def _cell(attempts: Attempts, source: str, target: str, port: int, wanted: Reach) -> Cell:
    made = attempts.of_pair(source, target, port)
    if not made:
        return Cell(source, target, port, wanted, Reach.UNKNOWN, "was not tried")
    cells = (Cell(source, target, port, wanted, *_seen(attempts, one, wanted), one.number) for one in made)
    return max(cells, key=lambda cell: cell.badness)


def _seen(attempts: Attempts, attempt: Line, wanted: Reach) -> tuple[Reach, str]:
    outcome, words, trouble = attempt.get("outcome"), attempt.get("says"), attempts.trouble(attempt)
    took = number(attempt, "seconds")
    said = f"{outcome}: {words}" if words else f"{outcome}"
    if outcome == "connected":
        said = "connected" if took is None else f"connected in {took * 1000:.0f} ms"
    if trouble:
        return Reach.UNKNOWN, f"{said}; {trouble}"
    if outcome == "connected":
        return Reach.ALLOWED, said
    if outcome not in FAILED:
        return Reach.UNKNOWN, said
    # A probe that connected nowhere, not even to its own pod, may itself be broken.
    if not attempts.worked(attempt):
        return Reach.UNKNOWN, f"{said}; its source connected nowhere about then"
    # That a promised connection fails is broken, whoever is at fault; another one must fail by the policies alone.
    if wanted is Reach.BLOCKED and not attempts.listened(attempt):
        return Reach.UNKNOWN, f"{said}; no control connected to it about then either"
    return Reach.BLOCKED, said


def _verdict(
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    cells: tuple[Cell, ...],
    dangling: set[tuple[str, str]],
    untried: tuple[str, ...],
) -> Verdict:
    wrong = [cell for cell in cells if cell.wrong]
    unseen = [cell for cell in cells if cell.seen is Reach.UNKNOWN]
    # A pair that the intent names and nothing can try is not quietly left out.
    lost = [
        Fact(None, f"{source} -> {target}  declared in the profile, cannot be tried: no two such pods with a TCP port")
        for source, target in sorted(dangling)
    ]
    because = f"{len(wrong)} of {len(cells)} wrong, {len(unseen) + len(lost)} unknown"
    matrix = Matrix(None, draw(sources, targets, cells), sources, targets, cells)
    left_out = [Fact(None, f"not verified: {what}") for what in untried]
    evidence = (matrix, *map(_odd, (*wrong, *unseen)), *lost, *left_out)
    if wrong:
        return failed(because, *evidence)
    if unseen or lost or not cells:
        return Verdict(Outcome.UNKNOWN, because if cells else "there is no pair to try", evidence)
    seen = (Fact(cell.line, f"{cell.source} -> {cell.target}:{cell.port}  {cell.words}") for cell in cells)
    but = f"; not verified: {', '.join(untried)}" if untried else ""
    return passed(f"{len(cells)} pairs as declared{but}", matrix, *seen, *left_out)


def _odd(cell: Cell) -> Fact:
    names = {Reach.ALLOWED: "allowed", Reach.BLOCKED: "blocked"}
    seen = "cannot tell" if cell.seen is Reach.UNKNOWN else f"was {names[cell.seen]}"
    pair = f"{cell.source} -> {cell.target}:{cell.port}"
    return Fact(cell.line, f"{pair:<40}  should be {names[cell.wanted]}, {seen:<12}  {cell.words}")


REACHABILITY = Check(
    name="isolation.reachability",
    law="only the declared pairs can talk",
    needs="NetworkPolicy enforcement, ephemeral containers",
    phase=Phase.LOOK,
    subjects=lambda _, profile: (Subject(profile.system, "reachability"),),
    observer="isolation.observe_reachability",
    reads=("need", "reach", "pod"),
    judge=judge_reachability,
    premises=(
        # Where policies are not enforced, a pair that talks is no fault of the manifests.
        Premise("this cluster enforces NetworkPolicy", premises.enforced, of_failure=True),
        Premise("policies were enforced while each pair was tried", premises.enforced_meanwhile),
        Premise("every Ready pod of a workload was tried as a target by everybody", premises.every_target),
        Premise("each workload was tried from every node that its pods run on", premises.every_node),
        Premise("the tried pods were the same throughout", premises.same_pods),
    ),
)
