"""What was proved of manifests, for a terminal: each broken place with what stands there, what must, and what to do."""

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

from kubeproof.report.text import printable
from kubeproof.rules.rule import Finding, Proof
from kubeproof.verdict import Outcome

WIDTH = 118
INDENT = " " * 9


def proofs_text(
    proofs: Sequence[Proof],
    *,
    title: str,
    unread: Sequence[str] = (),
    one_sided: Sequence[str] = (),
    everything: bool = False,
) -> str:
    """
    The report on one set of manifests; `unread` are objects that no rule looks into.

    `one_sided` are the ways that one side opens and the other keeps shut: nothing is broken, and a rule has no effect.
    With `everything` what holds is told as well, place by place.
    """
    lines, told = [title, ""], (Outcome.PASS,) if everything else ()
    for proof in proofs:
        outcome = proof.verdict.outcome
        if proof.findings and outcome in (Outcome.FAIL, Outcome.UNKNOWN, *told):
            lines += [f"{outcome.value:<8} {proof.rule.name}   {proof.rule.law}"]
            for finding in proof.findings:
                if everything or finding.outcome is outcome:
                    lines += _place(finding)
    skipped = [f"{p.rule.name} ({p.verdict.because})" for p in proofs if p.verdict.outcome is Outcome.SKIPPED]
    if everything or len(lines) > 2:
        lines += [""]
    blind = dict.fromkeys(p.verdict.because for p in proofs if p.verdict.outcome is Outcome.UNKNOWN and not p.findings)
    lines += [f"{'cannot be told':<15} {because}" for because in blind]
    lines += _listed("not verified", skipped) + _listed("not looked into", unread)
    lines += _listed("one side only", one_sided)
    return printable("\n".join([*lines, _count(proofs)]))


def _place(finding: Finding) -> list[str]:
    where = "   ".join(filter(None, (finding.subject, finding.field)))
    if finding.outcome is Outcome.PASS:
        return [f"{INDENT}{where}: {finding.found}"]
    told = [f"{INDENT}{where}"]
    for name, text in (("found", finding.found), ("wanted", finding.wanted), ("fix", finding.fix)):
        if text:
            head = f"{INDENT}  {name:<8}"
            told += wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
    return told


def _listed(head: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    first = f"{head:<15} {len(names)}: "
    return [f"{first if n == 0 else ' ' * len(first)}{name}" for n, name in enumerate(names)]


def _count(proofs: Sequence[Proof]) -> str:
    count = Counter(proof.verdict.outcome for proof in proofs)
    return (
        f"{count[Outcome.PASS]} {'holds' if count[Outcome.PASS] == 1 else 'hold'}, {count[Outcome.FAIL]} broken, "
        f"{count[Outcome.UNKNOWN]} cannot be judged, {count[Outcome.SKIPPED]} not verified."
    )
