"""docs/comparison.md: its generated blocks, what was measured, where we stand, what only we judge, as Markdown."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.static_tools.findings import BROKEN, UNTOLD, Found
from bench.static_tools.positions import COVERED, Tool, ours_alone
from bench.static_tools.running import Run


@dataclass(frozen=True)
class Compared:
    """One set of manifests, and what each side found in it."""

    name: str
    ours: Run
    theirs: Run


def replace_block(page: str, name: str, text: str) -> str:
    """Put text between the two marks of a block; ValueError if the page has no such block."""
    marks = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- end of {name} -->)", re.S)
    if not marks.search(page):
        raise ValueError(f"the page has no block {name!r}")
    return marks.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)


def measured(sets: Sequence[Compared], tool: Tool, laws: Mapping[str, str], *, said: str) -> str:
    """What was found set by set, and rule by rule; `said` names date, machine and versions."""
    return "\n\n".join(
        (
            said,
            _by_set(sets),
            "**What kube-score says, rule by rule**, and of how many objects our rules said something too:",
            _their_rules(sets, tool),
            "**What the prover says, rule by rule**; bold: no rule of kube-score comes near it:",
            _our_rules(sets, tool, laws),
        )
    )


def standing(tools: Sequence[Tool]) -> str:
    """Where we stand on every rule of theirs."""
    parts = []
    for tool in tools:
        how = "run" if tool.is_run else "compared on paper, not run"
        rows = (
            (f"`{position.rule}`" + ("" if position.on else " (off)"), str(position)) for position in tool.positions
        )
        parts += [f"### {tool.name}: {how}", f"{tool.source}.", _table((tool.name, "kubeproof"), rows)]
    return "\n\n".join(parts)


def alone(tools: Sequence[Tool], laws: Mapping[str, str]) -> str:
    """Which of our rules no rule of theirs comes near."""
    rows = ((f"`{rule}`", laws[rule]) for rule in ours_alone(tools, laws))
    return "\n\n".join(("No rule of the three comes near these:", _table(("rule", "law"), rows)))


def _by_set(sets: Sequence[Compared]) -> str:
    head = (
        "manifests",
        "kube-score: critical",
        "warning",
        "seconds",
        "kubeproof: broken",
        "cannot be told",
        "seconds ",
    )
    rows = []
    for compared in sets:
        theirs, ours = _kinds(compared.theirs.found), _kinds(compared.ours.found)
        # Almost OK is told with the warnings: it is no finding to act on, and none may vanish.
        counts = (theirs["critical"], theirs["warning"] + theirs["almost OK"], f"{compared.theirs.seconds:.2f}")
        rows.append((compared.name, *counts, ours[BROKEN], ours[UNTOLD], f"{compared.ours.seconds:.2f}"))
    return _table(head, rows)


def _their_rules(sets: Sequence[Compared], tool: Tool) -> str:
    rows = []
    for rule, places in Counter(found.rule for compared in sets for found in compared.theirs.found).most_common():
        position = tool.position(rule)
        objects = sum(len(_subjects(compared.theirs.found, (rule,))) for compared in sets)
        both = ""
        if position and position.stance in COVERED:
            agreed = sum(len(_subjects(s.theirs.found, (rule,)) & _subjects(s.ours.found, position.by)) for s in sets)
            both = f"{agreed} of {objects}"
        rows.append((f"`{rule}`", places, objects, both, str(position or "not in our table: a new rule")))
    return _table(("rule", "places", "objects", "ours too", "our position"), rows)


def _our_rules(sets: Sequence[Compared], tool: Tool, laws: Mapping[str, str]) -> str:
    unmatched = ours_alone([tool], laws)
    counts = Counter(found.rule for compared in sets for found in compared.ours.found)
    rows = (
        (f"**`{rule}`**" if rule in unmatched else f"`{rule}`", laws[rule], places, ", ".join(_names(sets, rule)))
        for rule, places in counts.most_common()
    )
    return _table(("rule", "law", "places", "in"), rows)


def _names(sets: Iterable[Compared], rule: str) -> list[str]:
    return [compared.name for compared in sets if any(found.rule == rule for found in compared.ours.found)]


def _kinds(places: Iterable[Found]) -> Counter[str]:
    return Counter(found.kind for found in places)


def _subjects(places: Iterable[Found], rules: Collection[str]) -> set[str]:
    return {found.subject for found in places if found.rule in rules}


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|").strip() for cell in line) + " |" for line in lines)
