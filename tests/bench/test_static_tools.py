"""The comparison with other static tools: what they print is read right, every rule has its place, the page is true."""

from pathlib import Path

import pytest

from bench.static_tools import LAWS, PAGE, page
from bench.static_tools.findings import BROKEN, UNTOLD, Found, from_kube_score, from_sarif
from bench.static_tools.positions import FILE, Position, Tool, ours_alone, read_tools
from bench.static_tools.running import Run, kube_score_version, manifest_sets
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.report.sarif import sarif
from kubeproof.rules.rule import Rule, broken, holds, prove, untold

SAMPLE = Path(__file__).parents[1] / "fixtures" / "static_tools" / "kube-score.json"
TOOLS = read_tools(FILE.read_text())


def test_kube_score_is_read_by_place() -> None:
    """One finding a comment, with the grade in words; what was skipped or is content is none."""
    deployment = "Deployment/carts-db"
    assert from_kube_score(SAMPLE.read_text()) == (
        Found("pod-probes", "critical", deployment),
        *[Found("container-resources", "critical", deployment)] * 4,
        Found("pod-networkpolicy", "warning", deployment),
        Found("networkpolicy-targets-pod", "critical", "NetworkPolicy/cart-access"),
    )


def test_our_sarif_is_read_by_place() -> None:
    """Broken and untold places with their object, however it is named; what holds is none."""
    places = (
        broken("ClusterRole/system:reader", "rules[0]", "*", "names", "name them"),
        untold("Deployment/web in shop", "spec.template", "nothing", "a value", "say it"),
        holds("Service/web", "spec", "fine", "fine"),
    )
    rule = Rule("static.sample", "a law", "a source", lambda *_: places, "nothing")
    proof = prove(rule, System("shop", ()), Profile("shop", "shop"))
    assert set(from_sarif(sarif([([proof], lambda _: None)]))) == {
        Found("static.sample", BROKEN, "ClusterRole/system:reader"),
        Found("static.sample", UNTOLD, "Deployment/web"),
    }


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_rule_of_theirs_has_one_place_and_names_rules_that_we_have(tool: Tool) -> None:
    """A rule stands once; who covers it exists; what is not covered says why."""
    names = [position.rule for position in tool.positions]
    assert len(names) == len(set(names))
    assert {rule for position in tool.positions for rule in position.by} <= set(LAWS)
    assert [position.rule for position in tool.positions if not position.by and not position.why] == []


@pytest.mark.parametrize(
    "entry",
    ['is = "maybe"', 'is = "same"', 'is = "no", by = ["static.schema"]'],
)
def test_a_place_that_does_not_go_with_its_rules_is_refused(entry: str) -> None:
    """Covered by nothing, or not covered by something: neither can be meant."""
    with pytest.raises(ValueError, match="kube-score some-rule"):
        read_tools(f'[kube-score]\nhow = "run"\nsource = ""\nrules = [{{ id = "some-rule", {entry} }}]')


def test_what_is_ours_alone_is_what_nobody_comes_near() -> None:
    """Our rules in their order, less those that a rule of theirs names."""
    near = Tool("other", True, "", (Position("theirs", "same", ("static.b",)),))
    assert ours_alone([near], ("static.a", "static.b", "static.c")) == ("static.a", "static.c")


def test_the_page_counts_sets_rules_and_agreement() -> None:
    """One line a set; of each rule of theirs its places, its objects, and of how many we said something too."""
    theirs = (Found("x", "critical", "Pod/a"), Found("x", "critical", "Pod/a"), Found("x", "almost OK", "Pod/b"))
    ours = (Found("static.a", BROKEN, "Pod/b"), Found("static.b", UNTOLD, "Pod/c"))
    tool = Tool("other", True, "", (Position("x", "same", ("static.a",), "but | bars"),))
    laws = {"static.a": "law a", "static.b": "law b"}
    sets = [page.Compared("shop", Run(ours, 0.5), Run(theirs, 0.25))]
    lines = page.measured(sets, tool, laws, said="today").splitlines()
    assert lines[0] == "today"
    assert "| shop | 2 | 1 | 0.25 | 1 | 1 | 0.50 |" in lines
    assert r"| `x` | 3 | 2 | 1 of 2 | `static.a`; but \| bars |" in lines
    assert "| `static.a` | law a | 1 | shop |" in lines
    assert "| **`static.b`** | law b | 1 | shop |" in lines


def test_a_rule_without_a_place_is_told() -> None:
    """A newer version of a tool may have one: the page does not pass over it."""
    sets = [page.Compared("shop", Run((), 0.5), Run((Found("new", "warning", "Pod/a"),), 0.25))]
    assert "| `new` | 1 | 1 |  | not in our table: a new rule |" in page.measured(sets, TOOLS[0], LAWS, said="")


def test_the_page_says_of_every_rule_what_the_table_says() -> None:
    """docs/comparison.md is what `python -m bench.static_tools` would write of positions.toml today."""
    text = PAGE.read_text()
    assert page.replace_block(text, "standing", page.standing(TOOLS)) == text


def test_what_the_page_calls_ours_alone_is_so_and_has_its_law_of_today() -> None:
    """All that it says would be written again; a rule younger than the page may be missing until it is."""
    text = PAGE.read_text()
    anew = page.replace_block(text, "alone", page.alone(TOOLS, LAWS))
    assert set(text.splitlines()) - set(anew.splitlines()) == set(), "run `python -m bench.static_tools`"


def test_the_page_names_every_set_and_the_version_that_is_pinned() -> None:
    """What was measured is of the sets that are there."""
    text = PAGE.read_text()
    assert [one.name for one in manifest_sets() if f"| {one.name} |" not in text] == []
    assert f"kube-score {kube_score_version()}" in text


def test_a_page_without_the_block_is_an_error() -> None:
    """Nothing is written to nowhere."""
    with pytest.raises(ValueError, match="no block 'measured'"):
        page.replace_block("# A page", "measured", "text")
