"""docs/evidence.md and the code say the same: kinds, checks and observations."""

import re
from pathlib import Path

import pytest

from kubeproof.checks.catalogue import CHECKS, LIVE
from kubeproof.evidence.kinds import FIELDS_OF, KINDS, MARKERS, misfits
from tests.helpers.judge_tests import HISTORIES, PLAN

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "evidence.md").read_text()
LINES = DOCUMENT.split("## Lines of the run")[1].split("## Exit statuses")[0]
ROWS = {
    kind: set(re.findall(r"`(\w+)`", cell))
    for kinds, cell in re.findall(r"^\| (`[^|]+) \| (.+) \|$", LINES, re.MULTILINE)
    for kind in re.findall(r"`(.+?)`", kinds)
}
DOCUMENTED = set(ROWS)


def test_the_document_and_the_registry_name_the_same_kinds():
    assert DOCUMENTED == KINDS, "a kind has a row in docs/evidence.md and a place in kubeproof/evidence/kinds.py"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_a_kind_is_documented_in_its_row(kind):
    assert FIELDS_OF[kind].keys() <= ROWS[kind]


def test_every_marker_and_its_fields_are_documented():
    markers = LINES.split("**Markers.**")[1].split("**Roles")[0].replace("\n", " ")
    documented = set(re.findall(r"`([^`]+)`", markers + LINES.split("| `marker` |")[1].split("|")[0]))
    assert MARKERS.keys() | {name for fields in MARKERS.values() for name in fields} <= documented


def test_every_marker_that_is_made_has_its_fields_in_the_registry():
    sources = "".join(path.read_text() for path in (ROOT / "kubeproof" / "observe").glob("*.py"))
    assert set(re.findall(r'\.mark\(of, "([a-z ]+)"', sources)) == MARKERS.keys()


def test_the_histories_have_the_fields_of_their_kinds():
    lines = [(kind, {**fields, "kind": kind}) for make in HISTORIES.values() for _, kind, fields in make()]
    assert {(kind, wrong) for kind, line in lines for wrong in misfits(line)} == set()


def test_every_kind_that_a_judge_reads_is_known():
    sources = "".join(path.read_text() for path in (ROOT / "kubeproof").rglob("*.py"))
    read = set(re.findall(r'of_kind\(\w+, "([a-z.]+)"', sources))
    assert len(read) > 10
    assert read <= KINDS


def test_every_kind_that_a_check_claims_to_read_is_known():
    assert {kind for check in CHECKS for kind in check.reads} <= KINDS


def test_every_kind_of_the_histories_is_known():
    assert {kind for make in HISTORIES.values() for _, kind, _ in make()} <= KINDS


def rows():
    """Of each check in the table its observation and the kinds of lines it reads."""
    table = re.findall(
        r"^\| `([a-z.-]+)` \| [^|]+ \| `([a-z-]+|\*)[^|]*\| ([^|]+) \|$",
        DOCUMENT.split("## Which lines")[1],
        re.MULTILINE,
    )
    found, kinds = {}, set()
    for check, observation, cell in table:
        kinds = kinds if cell == "the same" else set(re.findall(r"`([a-z.]+)`", cell))
        found[check] = observation, kinds
    return found


def test_every_check_and_its_observation_is_documented():
    assert rows().keys() == LIVE.keys()
    for planned in PLAN:
        assert rows()[planned.check][0] == planned.observation.partition(":")[0]


def test_every_check_reads_what_the_document_says():
    assert {check: kinds for check, (_, kinds) in rows().items()} == {check.name: {*check.reads} for check in CHECKS}
