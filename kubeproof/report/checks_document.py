"""Every live check as a page of Markdown: what docs/checks.md is made of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubeproof.checks.check import Check

HEAD = """\
# The checks, one by one

What a run proves on a cluster, in the order of a run: what disturbs most comes last. Each stands in `kubeproof/checks/`
as one value beside its judge. The rules that need no cluster are printed by `kubeproof list`.

*Evidence* are the kinds of lines that decide a check (`evidence.md`). *Premises* must have been seen for a PASS to mean
anything; without one it is UNKNOWN. *Turned red by* names the seeded defects (`conformance/mutants/`) that it was seen
failing on.

This page is made from the checks: `kubeproof list --document > docs/checks.md`.
"""


def checks_document(checks: Sequence[Check], mutants: Mapping[str, Iterable[str]]) -> str:
    """The page; `mutants` has for each check the names of the defects that must turn it red."""
    return "\n".join([HEAD, *(part for check in checks for part in _section(check, mutants.get(check.name, ())))])


def _section(check: Check, mutants: Iterable[str]) -> Iterator[str]:
    yield f"## `{check.name}`\n\n{check.law[0].upper()}{check.law[1:]}.\n"
    yield f"- Needs: {check.needs}."
    yield f"- Evidence: {', '.join(f'`{kind}`' for kind in check.reads)}."
    for premise in check.premises:
        yield f"- Premise: {premise.sentence}."
    yield f"- Turned red by: {', '.join(f'`{name}`' for name in mutants) or 'no mutant'}.\n"
