"""
What other static tools find in manifests and our prover does not, and the other way round; and how long each takes.

Over our rendered manifests and ten published sets of other projects: kube-score is built from its Go module and run,
`kubeproof prove` is run; KubeLinter and Polaris could not be built as Go modules and are compared on paper
(positions.toml). Writes the generated blocks of docs/comparison.md.
"""

import datetime
import os
import platform
from collections.abc import Sequence

from bench.row import Figures, at_most, measured
from bench.static_tools import page
from bench.static_tools.positions import FILE, Tool, read_tools
from bench.static_tools.running import (
    ROOT,
    ROUNDS,
    build_kube_score,
    kube_score_rules,
    kube_score_version,
    manifest_sets,
    run_kube_score,
    run_prover,
)
from kubeproof.rules.catalogue import RULES

PAGE = ROOT / "docs" / "comparison.md"
LAWS = {rule.name: rule.law for rule in RULES}
# Promise of the prover for our system, on two cores.
PROVE_SECONDS = 3.0


def measure(*, quick: bool = False) -> Figures:
    """Run both tools over every set, write the page, and give the seconds; it is quick as it is."""
    del quick
    tools = read_tools(FILE.read_text())
    program = build_kube_score()
    sets = [page.Compared(one.name, run_prover(one), run_kube_score(program, one)) for one in manifest_sets()]
    said = (
        f"{datetime.datetime.now(datetime.UTC).date()}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"kube-score {kube_score_version()}. Each as a process of its own, the fastest of {ROUNDS}."
    )
    scored = next(tool for tool in tools if tool.is_run)
    PAGE.write_text(page.replace_block(PAGE.read_text(), "measured", page.measured(sets, scored, LAWS, said=said)))
    write_standing(tools)
    unplaced = set(kube_score_rules(program)) ^ {position.rule for position in scored.positions}
    ours, *published = sets
    rows = [
        at_most(
            "prove our manifests", ours.ours.seconds, "s", PROVE_SECONDS, f"kube-score: {ours.theirs.seconds:.2f} s"
        ),
        measured(
            f"prove {len(published)} published sets",
            sum(compared.ours.seconds for compared in published),
            "s",
            f"kube-score: {sum(compared.theirs.seconds for compared in published):.2f} s",
        ),
        at_most("rules of kube-score without a position", len(unplaced), "", 0, ", ".join(sorted(unplaced)) or None),
        measured("places we find broken or cannot tell", sum(len(compared.ours.found) for compared in sets), ""),
        measured("places kube-score finds", sum(len(compared.theirs.found) for compared in sets), ""),
    ]
    return Figures(rows, [], ["What each of them finds stands in docs/comparison.md."])


def write_standing(tools: Sequence[Tool]) -> None:
    """Write into the page where we stand on the rules of others, and which of ours nobody else has; run no tool."""
    text = page.replace_block(PAGE.read_text(), "standing", page.standing(tools))
    PAGE.write_text(page.replace_block(text, "alone", page.alone(tools, LAWS)))
