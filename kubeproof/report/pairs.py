"""Who may talk to whom, for a terminal: the expected matrix, its odd pairs with reasons, and what no pair shows."""

from collections.abc import Sequence
from dataclasses import replace

from kubeproof.netpol.expected_reachability import ExpectedReachability
from kubeproof.netpol.rule_coverage import Coverage, ItemCoverage
from kubeproof.report.text import printable

LEGEND = "a row calls a column   . allowed   X blocked   ? not known   - not asked"


def pairs_text(expected: ExpectedReachability, coverage: Sequence[ItemCoverage], *, has_intent: bool) -> str:
    """
    The matrix of a declared system, the worst of a target's ports in each cell, and the reasons of the odd ones.

    Without an intent that says who may talk to whom, no pair is marked. Of the `coverage` of peers and ports, what no
    declared pair shows is listed with the reason.
    """
    if not has_intent:
        expected = replace(expected, cells=tuple(replace(cell, wanted=None) for cell in expected.cells))
    unseen = [entry for entry in coverage if entry.coverage is not Coverage.COVERED]
    shown = f"{len(coverage) - len(unseen)} of {len(coverage)} peers and ports of the policies are shown at work"
    return printable(
        "\n".join(
            [
                LEGEND + ("   [ ] not as intended" if has_intent else ""),
                "",
                expected.text(),
                "",
                f"{shown} by a declared pair." if coverage else "There is no NetworkPolicy.",
                *(f"{entry.coverage.value:<18}  {entry.item}  {entry.reason}" for entry in unseen),
            ]
        )
    )
