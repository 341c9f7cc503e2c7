"""A file is read as far as it can be trusted, and what is missing in it is told."""

import json

import pytest

from kubeproof.evidence import reading
from kubeproof.evidence.envelope import checksum, parse, signed
from kubeproof.evidence.reading import EVERYTHING, Damage, Planned, Reading, read_evidence
from tests.helpers.histories import WATCHES, History, ended, marker, pod, resigned, revouched, signed_line, written


def names() -> History:
    """A short observation, which never changes: the lines of a file are counted here."""
    by = {"service": "shop", "source": "client", "source_pod": "client", "source_uid": "c"}
    known = {**by, "expected": ["10.1.0.3"], "after": ["10.1.0.3"], "error": None}
    return [(float(n), "name", {"asked": f"shop-{n}", "addresses": ["10.1.0.1"], **known}) for n in range(3)]


def restart() -> History:
    """A short one of markers."""
    deleted = marker(1.0, "pod deleted", at="ledger", uids=["k"], claims=[])
    return [deleted, marker(4.0, "pod back", at="ledger", claims=[])]


HISTORIES = {"dns": names, "restart:ledger": restart}

OF_NAMES = 5 + len(WATCHES)  # the lines of that observation


def file(*drop):
    rows = written({of: make() for of, make in HISTORIES.items()}, [["dns.names", "shop", "dns"]])
    return [row for n, row in enumerate(rows) if n not in drop]


def test_a_sound_file_has_no_damage_and_whole_observations():
    evidence = read_evidence("\n".join(file()) + "\n")
    assert evidence.damage == ()
    assert evidence.why_not_whole("dns") is None
    assert evidence.plan == (Planned("dns.names", "shop", "dns"),)
    assert evidence.run["run"] == "7f3a"
    assert evidence.ended
    assert evidence.unusable is None
    kinds = ["observe.begin", "name", "name", "name", *["bookmark"] * len(WATCHES), "observe.end"]
    assert [line.kind for line in evidence.of("dns")] == kinds


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


@pytest.mark.parametrize("lost", range(2, 2 + OF_NAMES))
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
    assert f"counts {OF_NAMES} lines, {OF_NAMES - 1} are there" in evidence.why_not_whole("dns")


def test_a_file_cut_in_the_middle_of_a_line_reads_up_to_there():
    rows = file()
    evidence = read_evidence("\n".join(rows[:6]) + "\n" + rows[6][:20])
    assert evidence.damage == (Damage(7, "is not JSON"),)
    assert "its end is missing" in evidence.why_not_whole("dns")
    assert not evidence.ended


def of_two_writers(*, registered=("main", "other")):
    """A file whose two observations are by a writer each, their lines mixed."""
    rows = file()[:-1]
    mine = [row for row in rows if json.loads(row)["of"] != "dns"]
    mine[0] = resigned(mine[0], writers=list(registered))
    others = [row for row in rows if json.loads(row)["of"] == "dns"]
    mine, others = (
        [resigned(row, w=writer, n=n, t=float(n)) for n, row in enumerate(of_it)]
        for writer, of_it in (("main", mine), ("other", others))
    )
    mixed = []
    for n in range(max(len(mine), len(others))):
        mixed += [of_it[n] for of_it in (mine, others) if n < len(of_it)]
    return ended(mixed)


def test_lines_of_two_writers_may_mix():
    evidence = read_evidence("\n".join(of_two_writers()))
    assert evidence.damage == ()
    assert evidence.unusable is None
    assert evidence.why_not_whole("dns") is None
    assert evidence.why_not_whole("restart:ledger") is None


def test_a_line_of_a_writer_who_is_not_registered_is_left_out_and_takes_its_observation_along():
    evidence = read_evidence("\n".join(of_two_writers(registered=("main",))))
    assert evidence.of("dns") == ()
    assert "is of writer other, which run.begin does not register" in evidence.damage[0].message
    rows = file()
    foreign = resigned(rows[4], w="other", n=0)
    evidence = read_evidence("\n".join(revouched([*rows[:4], foreign, *rows[4:]])))
    assert evidence.damage[0] == Damage(5, "is of writer other, which run.begin does not register")
    assert "line 5 is of a writer that is not registered" in evidence.why_not_whole("dns")
    assert evidence.why_not_whole("restart:ledger") is None


def test_a_writer_that_is_lost_whole_leaves_nothing_that_can_be_used():
    lost = [row for row in of_two_writers() if json.loads(row)["w"] == "main"]
    evidence = read_evidence("\n".join(lost))
    assert evidence.unusable == "writer other is registered, and no line of it is there"
    assert evidence.damage[0].message == evidence.unusable
    assert "no line of it is there" in read_evidence("\n".join(lost[:-1])).unusable


@pytest.mark.parametrize("place", [4, 1 + OF_NAMES])
def test_time_that_runs_backward_is_damage_and_takes_both_sides_of_it(place):
    rows = file()
    rows[place] = resigned(rows[place], t=999.0)
    evidence = read_evidence("\n".join(revouched(rows)))
    assert [wrong.line for wrong in evidence.damage] == [place + 2]
    assert "runs backward" in evidence.damage[0].message
    assert "time runs backward" in evidence.why_not_whole(json.loads(rows[place])["of"])


def test_lines_that_the_end_does_not_vouch_for_leave_nothing_that_can_be_used():
    rows = file()
    rows[4] = resigned(rows[4], addresses=["10.1.0.9"])
    evidence = read_evidence("\n".join(rows))
    assert "writer main are not those that run.end vouches for" in evidence.unusable
    assert evidence.damage[0].line == len(rows)
    assert read_evidence("\n".join(revouched(rows))).unusable is None
    without = [*rows[:-1], resigned(rows[-1], writers={})]
    assert "run.end vouches for" in read_evidence("\n".join(without)).unusable


def test_a_line_after_the_end_is_damage_and_left_out():
    rows = file()
    late = signed_line(len(rows), (999.0, "run.plan", {"checks": [["api.journey", "buy", "journey:buy"]]}))
    evidence = read_evidence("\n".join([*rows, late]))
    assert evidence.damage == (Damage(len(rows) + 1, "stands after run.end"),)
    assert len(evidence.plan) == 1


@pytest.mark.parametrize("must", [True, False])
def test_a_kind_of_a_later_version_is_passed_over_unless_it_must_be_understood(must):
    rows = file()
    later = resigned(signed_line(2, (0.0, "veto", {"says": "the clock was wrong"})), must=must)
    after = [resigned(row, n=n) for n, row in enumerate(rows[2:], start=3)]
    evidence = read_evidence("\n".join(revouched([*rows[:2], later, *after])))
    assert evidence.damage == ()
    why = "line 3 is of kind 'veto': it must be understood, and is of a later version"
    assert evidence.unusable == (why if must else None)


def test_a_file_that_does_not_begin_with_its_run_cannot_be_used():
    assert "does not begin with run.begin" in read_evidence("\n".join(file(0))).unusable
    assert "does not begin with run.begin" in read_evidence("").unusable
    rows = file()
    assert (
        read_evidence("\n".join([resigned(rows[0], writers=[]), *rows[1:]])).unusable == "run.begin registers no writer"
    )


def test_a_file_of_another_version_says_of_which():
    old = [json.dumps({**json.loads(row), "v": 1}) for row in file()]
    assert read_evidence("\n".join(old)).other_version == 1
    assert read_evidence("\n".join([*file()[:1], *old])).other_version is None


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_a_file_that_grows_is_read_as_it_is_at_the_end_each_line_once(at_once, monkeypatch):
    parsed = []
    monkeypatch.setattr(reading, "_parse", lambda raw: parsed.append(raw) or parse(raw))
    text, grown = "\n".join(file()) + "\n", Reading()
    for place in range(0, len(text), at_once):
        grown.feed(text[place : place + at_once])
        if place < 20 * at_once:
            grown.evidence()
    assert parsed == file()
    assert grown.evidence() == read_evidence(text)
    assert grown.evidence().ended


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        "nonsense",
        "\x00\x00",
        '{"v":2}',
        '{"v":1,"w":"a","n":0,"t":0,"of":"","kind":"x","crc":"00000000"}',
        '{"v":2,"w":"a","n":true,"t":0,"of":"","kind":"x","crc":"00000000"}',
        '{"v":2,"w":"a","n":0,"t":NaN,"of":"","kind":"x","crc":"00000000"}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_not_evidence_is_damage_and_never_an_error(line):
    evidence = read_evidence(line)
    assert evidence.lines == ()
    assert len(evidence.damage) == 1


def test_the_checksum_does_not_depend_on_the_order_of_fields():
    assert checksum({"a": 1, "b": "é"}) == checksum({"b": "é", "a": 1, "crc": "x"})


@pytest.mark.parametrize(
    ("field", "value"), [("restarts", -1), ("restarts", 0.5), ("ended", ""), ("gone", None), ("deleted", "no")]
)
def test_a_line_that_says_what_cannot_be_is_damage(field, value):
    rows = written({"dns": [pod(1.0, "a")]})
    place = next(n for n, row in enumerate(rows) if json.loads(row)["kind"] == "pod")
    rows[place] = resigned(rows[place], **{field: value})
    evidence = read_evidence("\n".join(revouched(rows)))
    assert evidence.damage[0] == Damage(place + 1, f"field {field} is {value!r}")


@pytest.mark.parametrize("kind", ["pod", "marker"])
def test_a_line_without_a_field_of_its_kind_is_damage_and_more_fields_are_not(kind):
    rows = written({"restart:ledger": [pod(0.5, "a"), *restart()]})
    place = next(n for n, row in enumerate(rows) if json.loads(row)["kind"] == kind)
    more = read_evidence("\n".join(revouched([*rows[:place], resigned(rows[place], later=1), *rows[place + 1 :]])))
    assert more.damage == ()
    less = {name: value for name, value in json.loads(rows[place]).items() if name not in ("crc", "uid", "uids")}
    rows[place] = signed(less)
    missing = "pod has no field uid" if kind == "pod" else "marker has no field uids"
    assert read_evidence("\n".join(revouched(rows))).damage[0] == Damage(place + 1, missing)
