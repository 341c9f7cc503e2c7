"""
The report of a run for a terminal: a line a law, the odd ones with their evidence, and what to run next.

kubeproof.conclusion has it made, of what kubeproof.judging found; here is where the way of a request ends.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubeproof.checks.isolation import Matrix
from kubeproof.evidence.reading import Damage
from kubeproof.judging import Judged
from kubeproof.verdict import Fact, Outcome, Verdict, merge

INDENT = " " * 23
LAW_WIDTH = 75
LONG_REASON = 60
MOST_FACTS = 12


def text_report(
    judged: Sequence[Judged],
    run: Mapping[str, Any],
    *,
    evidence: str,
    exit: int,
    took: Sequence[tuple[str, float]] = (),
    damage: Sequence[Damage] = (),
    unfinished: bool = False,
    everything: bool = False,
) -> str:
    """
    The whole report. `run` are the fields of run.begin, `evidence` the run's folder as it is to be shown.

    `took` says how many seconds each observation lasted; `unfinished` that the file has no run.end; with `everything`
    the premises of each verdict stand under it.
    """
    parts = [_head(run, evidence)]
    parts += _static_laws(judged)
    parts += ["\n".join(_law(check, group, everything)) for check, group in _groups(judged)]
    skipped = [judgement for judgement in judged if judgement.verdict.outcome is Outcome.SKIPPED]
    if skipped:
        parts.append("\n".join(_not_verified(skipped)))
    parts += _warnings(damage, unfinished)
    parts.append("\n".join(_tail(judged, exit, took)))
    return printable("\n".join([parts[0], "", *parts[1:-1], "", parts[-1]]))


def printable(text: str) -> str:
    """The text without what would steer the terminal or cannot be encoded: much of it was said by others."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def _because(judgement: Judged) -> str:
    """The reason on one line, whatever an error message brought along."""
    return " ".join(judgement.verdict.because.split())


def _head(run: Mapping[str, Any], evidence: str) -> str:
    versions = run.get("versions")
    kubernetes = versions.get("kubernetes") if isinstance(versions, Mapping) else None
    cluster = " ".join(str(part) for part in (run.get("cluster") or "unknown", kubernetes) if part)
    return f"kubeproof   cluster: {cluster}   run {run.get('run') or 'unknown'}   evidence: {evidence}"


def _is_held_statically(judgement: Judged) -> bool:
    return judgement.check.startswith("static.") and judgement.verdict.passed


def _static_laws(judged: Iterable[Judged]) -> list[str]:
    """What manifests alone prove is many laws: those that hold are one line, and `prove --all` tells them."""
    held = sum(map(_is_held_statically, judged))
    if not held:
        return []
    law = f"{held} {'law holds' if held == 1 else 'laws hold'} by manifests and profile alone"
    return [f"{Outcome.PASS.value:<8} {'static':<11} {law:<{LAW_WIDTH}}  tell them: kubeproof prove --all"]


def _groups(judged: Iterable[Judged]) -> list[tuple[str, list[Judged]]]:
    groups: dict[str, list[Judged]] = {}
    for judgement in judged:
        if judgement.verdict.outcome is not Outcome.SKIPPED and not _is_held_statically(judgement):
            groups.setdefault(judgement.check, []).append(judgement)
    return list(groups.items())


def _law(check: str, group: list[Judged], everything: bool) -> list[str]:
    """One law: on one line when it has one subject, else a line for each subject under it."""
    area, law = check.partition(".")[0], group[0].law
    if len(group) == 1:
        only = group[0]
        head = f"{only.verdict.outcome.value:<8} {area:<11} {law:<{LAW_WIDTH}}"
        because = _because(only)
        told = _premises(only.verdict) if everything else []
        if len(because) > LONG_REASON:
            return [head.rstrip(), f"{INDENT}{because}", *_evidence(only.verdict), *told]
        return [f"{head}  {because}", *_evidence(only.verdict), *told]
    worst = merge(judgement.verdict for judgement in group).outcome
    lines = [f"{worst.value:<8} {area:<11} {law}"]
    width = max(len(judgement.subject) for judgement in group)
    for judgement in group:
        lines.append(
            f"{'':<21}{judgement.verdict.outcome.value:<8} {judgement.subject:<{width}}  {_because(judgement)}"
        )
        lines += _evidence(judgement.verdict)
        lines += _premises(judgement.verdict) if everything else []
    return lines


def _premises(verdict: Verdict) -> list[str]:
    """What a verdict stands on, each premise with the lines that show it."""
    lines = []
    for held in verdict.premises:
        word = "shown:" if held.verdict.passed else "not shown:"
        lines.append(f"{INDENT}{word:<11}{held.sentence}")
        if not held.verdict.passed:
            lines.append(f"{INDENT}{'':<11}{' '.join(held.verdict.because.split())}")
        lines += [f"{'':<11}{line}" for line in _facts(held.verdict.evidence)]
    return lines


def _evidence(verdict: Verdict) -> list[str]:
    """What decided it: of a PASS only the matrix, of all else every fact up to a readable number."""
    return _facts(
        [fact for fact in verdict.evidence if verdict.outcome is not Outcome.PASS or isinstance(fact, Matrix)]
    )


def _facts(facts: Sequence[Fact]) -> list[str]:
    lines = [line for fact in facts[:MOST_FACTS] for line in _fact(fact)]
    if len(facts) > MOST_FACTS:
        lines.append(f"{INDENT}and {len(facts) - MOST_FACTS} more, in verdicts.json")
    return lines


def _fact(fact: Fact) -> list[str]:
    where = f"   (line {fact.line})" if fact.line is not None else ""
    lines = fact.message.splitlines() or [""]
    return [f"{INDENT}{line}" for line in (*lines[:-1], f"{lines[-1]}{where}")]


def _not_verified(skipped: Sequence[Judged]) -> list[str]:
    names = [f"{judgement.check} [{judgement.subject}] ({_because(judgement)})" for judgement in skipped]
    head = f"{'not verified':<20} {len(names)}: "
    return [f"{head}{names[0]}", *(f"{'':<{len(head)}}{name}" for name in names[1:])]


def _warnings(damage: Sequence[Damage], unfinished: bool) -> list[str]:
    lines = [f"{'evidence damaged':<20} line {place.line}: {place.message}" for place in damage[:MOST_FACTS]]
    if len(damage) > MOST_FACTS:
        lines.append(f"{'':<20} and {len(damage) - MOST_FACTS} lines more")
    if unfinished:
        lines.append(f"{'evidence cut':<20} the run did not end: its last line is missing")
    return lines


def _tail(judged: Sequence[Judged], exit: int, took: Sequence[tuple[str, float]]) -> list[str]:
    count = Counter(judgement.verdict.outcome for judgement in judged)
    parts = [
        f"{count[Outcome.PASS]} {'holds' if count[Outcome.PASS] == 1 else 'hold'}",
        f"{count[Outcome.FAIL]} broken",
        f"{count[Outcome.UNKNOWN]} cannot be judged",
        f"{count[Outcome.SKIPPED]} not verified",
    ]
    lines = [f"{', '.join(parts)}.   exit {exit}"]
    if took:
        lines.insert(0, "time: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took))
    again = dict.fromkeys(
        judgement.check.partition(".")[0]
        for judgement in judged
        if judgement.verdict.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    )
    if again:
        lines.append(f'again: kubeproof run -k "{" or ".join(again)}"')
    return lines
