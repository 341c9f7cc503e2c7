"""
isolation.reachability: of all ordered pairs, exactly the declared ones connect.

A cell is ALLOWED when its source connected. It is BLOCKED only when the attempt failed and a control reached the
same target in the same observation: without one, a dead target would look like a well-guarded one. All else is
UNKNOWN. That the cluster enforces policies at all is shown by the canary, never by its name.
"""

from dataclasses import dataclass

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, number, of_kind, unmet
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.netpol.matrix import draw
from kubeproof.netpol.reach import Reach
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Outcome, Verdict, failed, passed, unknown

STRANGER = "stranger"
FAILED_ATTEMPT = frozenset({"refused", "timeout", "unreachable"})


@dataclass(frozen=True)
class Cell:
    """One source, one port of one target: what the intent wants, what was seen, and the words of it."""

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


@dataclass(frozen=True)
class Matrix(Fact):
    """The truth table as a fact of its own; `message` is the table drawn, wrong cells in brackets."""

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()


def judge_reachability(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge all pairs of workloads, and the stranger as a source, from reach lines; the last attempt counts."""
    del subject
    reason = unmet(lines) or _not_enforced(lines)
    if reason:
        return reason
    allowed = {(pair.source, pair.target) for pair in profile.allowed}
    sources = (*(workload.name for workload in system.workloads), STRANGER)
    targets = tuple(workload for workload in system.workloads if workload.ports)
    cells = tuple(
        _cell(lines, source, target.name, port, Reach.ALLOWED if (source, target.name) in allowed else Reach.BLOCKED)
        for source in sources
        for target in targets
        if source != target.name
        for port in dict.fromkeys(declared.number for declared in target.ports)
    )
    dangling = allowed - {(cell.source, cell.target) for cell in cells}
    return _verdict(sources, tuple(target.name for target in targets), cells, dangling)


def _not_enforced(lines: Lines) -> Verdict | None:
    """UNKNOWN unless the canary shows that a policy of this cluster blocks and nothing else does."""
    canary = of_kind(lines, "reach", role="canary")
    walled = [line for line in canary if line.get("target") == "walled"]
    listener = [line for line in canary if line.get("target") == "listener"]
    through = next((line for line in walled if line.get("outcome") == "connected"), None)
    if through is not None:
        return unknown(
            "this cluster does not enforce NetworkPolicy",
            fact(through, "the canary connected to a pod whose policy admits nobody"),
        )
    if not any(line.get("outcome") == "connected" for line in listener):
        return unknown("the canary did not reach its listener, so a blocked one proves nothing")
    if not any(line.get("outcome") in FAILED_ATTEMPT for line in walled):
        return unknown("the canary did not try the walled pod, so nothing shows that policies are enforced")
    return None


def _cell(lines: Lines, source: str, target: str, port: int, wanted: Reach) -> Cell:
    attempts = of_kind(lines, "reach", role="cell", source=source, target=target, port=port)
    if not attempts:
        return Cell(source, target, port, wanted, Reach.UNKNOWN, "was not tried")
    last = attempts[-1]
    seen, words = _seen(lines, last, wanted)
    return Cell(source, target, port, wanted, seen, words, last.number)


def _seen(lines: Lines, attempt: Line, wanted: Reach) -> tuple[Reach, str]:
    outcome, words = attempt.get("outcome"), attempt.get("says")
    if outcome == "connected":
        took = number(attempt, "seconds")
        return Reach.ALLOWED, "connected" if took is None else f"connected in {took * 1000:.0f} ms"
    said = f"{outcome}: {words}" if words else f"{outcome}"
    if outcome not in FAILED_ATTEMPT:
        return Reach.UNKNOWN, said
    if wanted is Reach.ALLOWED:
        # The claim is about the source: a probe that never connected anywhere may itself be broken.
        works = any(
            line.get("outcome") == "connected"
            for role in ("cell", "control", "canary")
            for line in of_kind(lines, "reach", role=role, source=attempt.get("source"))
        )
        return (Reach.BLOCKED, said) if works else (Reach.UNKNOWN, f"{said}; its source connected nowhere")
    target, port = attempt.get("target"), attempt.get("port")
    listens = any(
        line.get("outcome") == "connected"
        for role in ("cell", "control")
        for line in of_kind(lines, "reach", role=role, target=target, port=port)
    )
    return (Reach.BLOCKED, said) if listens else (Reach.UNKNOWN, f"{said}; no control connected to it either")


def _verdict(
    sources: tuple[str, ...], targets: tuple[str, ...], cells: tuple[Cell, ...], dangling: set[tuple[str, str]]
) -> Verdict:
    wrong = [cell for cell in cells if cell.wrong]
    unseen = [cell for cell in cells if cell.seen is Reach.UNKNOWN]
    # A pair that the intent names and nothing can try is not quietly left out.
    lost = [
        Fact(None, f"{source} -> {target}  declared in the profile, cannot be tried: no such pair with a port")
        for source, target in sorted(dangling)
    ]
    because = f"{len(wrong)} of {len(cells)} wrong, {len(unseen) + len(lost)} unknown"
    matrix = Matrix(None, draw(sources, targets, cells), sources, targets, cells)
    evidence = (matrix, *map(_odd, (*wrong, *unseen)), *lost)
    if wrong:
        return failed(because, *evidence)
    if unseen or lost or not cells:
        return Verdict(Outcome.UNKNOWN, because if cells else "there is no pair to try", evidence)
    seen = tuple(Fact(cell.line, f"{cell.source} -> {cell.target}:{cell.port}  {cell.words}") for cell in cells)
    return passed(f"{len(cells)} pairs as declared", matrix, *seen)


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
    reads=("need", "reach"),
    judge=judge_reachability,
)
