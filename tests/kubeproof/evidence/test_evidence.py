"""A file is read as far as it can be trusted, and what is missing in it is told."""

import json

import pytest

from kubeproof.evidence.reading import EVERYTHING, Damage, Planned, checksum, read_evidence
from tests.helpers.histories import written
from tests.helpers.judge_tests import HISTORIES


def file(*drop):
    rows = written({of: HISTORIES[of]() for of in ("dns", "restart:ledger")}, [["dns.names", "shop", "dns"]])
    return [row for n, row in enumerate(rows) if n not in drop]


def test_a_sound_file_has_no_damage_and_whole_observations():
    evidence = read_evidence("\n".join(file()) + "\n")
    assert evidence.damage == ()
    assert evidence.why_not_whole("dns") is None
    assert evidence.plan == (Planned("dns.names", "shop", "dns"),)
    assert evidence.run["run"] == "7f3a"
    assert evidence.ended
    assert [line.kind for line in evidence.of("dns")] == ["observe.begin", "name", "name", "name", "observe.end"]


def test_an_observation_that_was_never_begun_is_not_whole():
    assert read_evidence("\n".join(file())).why_not_whole("scaling:x") == "nothing was recorded of it"


def test_everything_is_all_that_any_observation_has_in_the_order_of_the_file():
    everything = read_evidence("\n".join(file())).of(EVERYTHING)
    assert [line.number for line in everything] == list(range(3, len(file())))
    assert {line.of for line in everything} == {"dns", "restart:ledger"}


def test_everything_is_whole_when_all_that_was_planned_or_begun_is():
    assert read_evidence("\n".join(file())).why_not_whole(EVERYTHING) is None
    assert read_evidence("\n".join(file(4))).why_not_whole(EVERYTHING).startswith("dns: ")
    assert read_evidence("").why_not_whole(EVERYTHING) == "nothing was recorded of it"
    unplanned = read_evidence("\n".join(written({"dns": HISTORIES["dns"]()})))
    assert "its plan is missing" in unplanned.why_not_whole(EVERYTHING)
    plan = [["dns.names", "shop", "dns"], ["api.journey", "buy", "journey:buy"]]
    left_out = read_evidence("\n".join(written({"dns": HISTORIES["dns"]()}, plan)))
    assert left_out.why_not_whole(EVERYTHING) == "journey:buy: nothing was recorded of it"


@pytest.mark.parametrize("lost", [2, 3, 4, 5, 6])
def test_a_lost_line_makes_its_own_observation_not_whole_and_no_other(lost):
    evidence = read_evidence("\n".join(file(lost)))
    assert evidence.why_not_whole("dns")
    assert evidence.why_not_whole("restart:ledger") is None
    assert evidence.damage


def test_a_changed_line_is_damage_and_is_left_out():
    rows = file()
    rows[3] = rows[3].replace("10.1.0.1", "10.1.0.2", 1)
    evidence = read_evidence("\n".join(rows))
    assert evidence.damage[0].line == 4
    assert "crc" in evidence.damage[0].message
    assert "counts 5 lines, 4 are there" in evidence.why_not_whole("dns")


def test_a_file_cut_in_the_middle_of_a_line_reads_up_to_there():
    rows = file()
    evidence = read_evidence("\n".join(rows[:6]) + "\n" + rows[6][:20])
    assert evidence.damage == (Damage(7, "is not JSON"),)
    assert "its end is missing" in evidence.why_not_whole("dns")
    assert not evidence.ended


def test_lines_of_two_writers_may_mix():
    def by(row, writer, n):
        line = {**json.loads(row), "w": writer, "n": n}
        return json.dumps({**line, "crc": checksum(line)})

    first, second = (written({of: HISTORIES[of]()}) for of in ("dns", "restart:ledger"))
    mixed = []
    for n in range(max(len(first), len(second))):
        mixed += [by(rows[n], writer, n) for rows, writer in ((first, "a"), (second, "b")) if n < len(rows)]
    evidence = read_evidence("\n".join(mixed))
    assert evidence.damage == ()
    assert evidence.why_not_whole("dns") is None
    assert evidence.why_not_whole("restart:ledger") is None


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        "nonsense",
        "\x00\x00",
        '{"v":1}',
        '{"v":2,"w":"a","n":0,"t":0,"of":"","kind":"x","crc":"00000000"}',
        '{"v":1,"w":"a","n":true,"t":0,"of":"","kind":"x","crc":"00000000"}',
        '{"v":1,"w":"a","n":0,"t":NaN,"of":"","kind":"x","crc":"00000000"}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_not_evidence_is_damage_and_never_an_error(line):
    evidence = read_evidence(line)
    assert evidence.lines == ()
    assert len(evidence.damage) == 1


def test_the_checksum_does_not_depend_on_the_order_of_fields():
    assert checksum({"a": 1, "b": "é"}) == checksum({"b": "é", "a": 1, "crc": "x"})
