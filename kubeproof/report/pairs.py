"""Who may talk to whom, for a terminal: the matrix on paper, its odd pairs with reasons, and what no pair shows."""

from collections.abc import Sequence
from dataclasses import replace

from kubeproof.netpol.expected_reachability import Paper
from kubeproof.netpol.rule_coverage import Witness, Worth
from kubeproof.report.text import printable

LEGEND = "a row calls a column   . allowed   X blocked   ? not known   - not asked"


def pairs_text(paper: Paper, witnesses: Sequence[Witness], *, has_intent: bool) -> str:
    """
    The matrix of a declared system, the worst of a target's ports in each cell, and the reasons of the odd ones.

    Where no intent says who may talk to whom, no pair is called other than intended. `witnesses` tell what each peer
    and port of each policy rule is worth; those that no declared pair shows are listed with the reason.
    """
    if not has_intent:
        paper = replace(paper, cells=tuple(replace(cell, wanted=None) for cell in paper.cells))
    unseen = [each for each in witnesses if each.worth is not Worth.WITNESSED]
    shown = f"{len(witnesses) - len(unseen)} of {len(witnesses)} peers and ports of the policies are shown at work"
    return printable(
        "\n".join(
            [
                LEGEND + ("   [ ] not as intended" if has_intent else ""),
                "",
                paper.text(),
                "",
                f"{shown} by a declared pair." if witnesses else "There is no NetworkPolicy.",
                *(f"{each.worth.value:<18}  {each.item}  {each.says}" for each in unseen),
            ]
        )
    )
