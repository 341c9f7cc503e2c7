"""docs/checks.md says of every check what the check itself says, and which seeded defects turn it red."""

from dataclasses import replace
from pathlib import Path

from kubeproof.checks.catalogue import CHECKS
from kubeproof.checks.check import Premise
from kubeproof.mutants.mutant import killers, read_mutants
from kubeproof.report.checks_document import checks_document
from kubeproof.verdict import unknown

ROOT = Path(__file__).parents[3]


def test_the_page_is_made_from_the_checks():
    page = checks_document(CHECKS, killers(read_mutants(ROOT / "conformance" / "mutants")))
    assert page == (ROOT / "docs" / "checks.md").read_text(), "run: kubeproof list --document > docs/checks.md"


def test_each_check_has_its_law_its_premises_and_its_mutants():
    premise = Premise("the control answered", lambda *_: unknown("not seen"))
    page = checks_document([replace(CHECKS[0], premises=(premise,))], {CHECKS[0].name: ["one", "two"]})
    assert page.count("\n## ") == 1
    assert f"\n## `{CHECKS[0].name}`\n\n{CHECKS[0].law[0].upper()}{CHECKS[0].law[1:]}.\n" in page
    assert "\n- Premise: the control answered.\n- Turned red by: `one`, `two`.\n" in page
    assert "- Turned red by: no mutant.\n" in checks_document(CHECKS[:1], {})
