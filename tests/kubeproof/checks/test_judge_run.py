"""A whole run is judged from its file: lost, changed or mixed-up lines never leave a PASS behind."""

import json
from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeproof.checks.catalogue import CHECKS
from kubeproof.evidence import reading
from kubeproof.evidence.envelope import FIELDS
from kubeproof.evidence.reading import EVERYTHING, Line, read_evidence
from kubeproof.evidence.watching import missed
from kubeproof.judging import judge_planned, judge_run
from kubeproof.run import NotDeployed
from kubeproof.verdict import Outcome, exit_status
from tests.helpers.histories import resigned, revouched, signed_line, written
from tests.helpers.judge_tests import HISTORIES
from tests.helpers.judge_tests import PLAN as PLANNED
from tests.helpers.shop import PROFILE, SYSTEM

PLAN = [[planned.check, planned.subject, planned.observation] for planned in PLANNED]
ROWS = written({of: history() for of, history in HISTORIES.items()}, PLAN)
OF = [json.loads(row)["of"] for row in ROWS]
OBSERVATIONS = sorted(HISTORIES.keys() - {EVERYTHING})


@pytest.fixture(autouse=True, scope="module")
def each_line_is_parsed_once():
    """Almost all lines of a damaged file are those of the whole one, and parsing is most of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_parse", lru_cache(maxsize=None)(reading._parse))
        yield


def judged(rows):
    return judge_run(SYSTEM, PROFILE, read_evidence("\n".join(rows)))


def outcomes(rows):
    return {(judgement.check, judgement.subject): judgement.verdict.outcome for judgement in judged(rows)}


def outcomes_of(observation, rows):
    """Of the checks that read an observation; all, for a line of none. The others are judged from other lines."""
    evidence, concerned = read_evidence("\n".join(rows)), that_read(observation)
    return {
        (planned.check, planned.subject): judge_planned(SYSTEM, PROFILE, evidence, planned).outcome
        for planned in PLANNED
        if not observation or (planned.check, planned.subject) in concerned
    }


def of_observation(observation):
    return [(check, subject) for check, subject, of in PLAN if of == observation]


def that_read(observation):
    """The checks that read an observation: those that are about it, and those that read everything."""
    return [*of_observation(observation), *of_observation(EVERYTHING)]


def test_a_whole_run_in_which_all_holds_is_all_pass():
    *found, static = judged(ROWS)
    assert (static.check, static.verdict.because) == ("static", "was not asked for")
    assert [judgement.verdict.report() for judgement in found if not judgement.verdict.passed] == []
    assert len(found) == len(PLAN)
    assert exit_status(judgement.verdict for judgement in found) == 0
    assert all(judgement.seconds is not None and judgement.law for judgement in found)


def test_an_empty_file_leaves_all_that_is_declared_unknown():
    found = {name: outcome for name, outcome in outcomes([]).items() if name != ("static", PROFILE.system)}
    assert set(found.values()) == {Outcome.UNKNOWN}
    assert len(found) == len(PLAN)


def test_what_was_not_asked_for_is_skipped_by_name():
    rows = written({"dns": HISTORIES["dns"]()}, [["dns.names", "shop", "dns"]])
    found = judged(rows)
    assert {judgement.check for judgement in found} == {"static", *(check.name for check in CHECKS)}
    assert [judgement.check for judgement in found if judgement.verdict.outcome is Outcome.PASS] == ["dns.names"]
    assert {judgement.verdict.because for judgement in found[1:]} == {"was not asked for"}
    assert exit_status(judgement.verdict for judgement in found) == 0


def test_what_the_manifests_prove_needs_no_evidence():
    rows = written({}, [["static.no-loss", "market", ""], ["static.role-wildcards", "market", ""]])
    by_name = {judgement.check: judgement for judgement in judged(rows)}
    assert by_name["static.no-loss"].verdict.outcome is Outcome.FAIL
    assert by_name["static.role-wildcards"].verdict.outcome is Outcome.SKIPPED
    assert by_name["static.no-loss"].law.startswith("where traffic enters")
    assert "static" not in by_name


def test_a_law_without_a_subject_is_skipped_by_name():
    found = judge_run(SYSTEM, replace(PROFILE, scales=()), read_evidence("\n".join(ROWS[:1])))
    (scaling,) = [judgement for judgement in found if judgement.check == "scaling.up"]
    assert scaling.verdict.outcome is Outcome.SKIPPED


def test_a_check_of_a_later_version_is_unknown():
    found = judged(written({"dns": HISTORIES["dns"]()}, [["storage.snapshots", "shop", "dns"]]))
    assert found[0].verdict.outcome is Outcome.UNKNOWN


def ended_with(observation, history, **end):
    """The run with one observation whose end says something else."""
    rows = written({**{of: make() for of, make in HISTORIES.items()}, observation: history}, PLAN)
    for n, row in enumerate(rows):
        line = json.loads(row)
        if line["of"] == observation and line["kind"] == "observe.end":
            rows[n] = resigned(row, **end)
    return revouched(rows)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_an_observation_that_broke_off_is_not_a_pass(observation):
    found = outcomes(ended_with(observation, HISTORIES[observation](), error="NotInTime: waited 60 s"))
    assert {found[key] for key in of_observation(observation)} == {Outcome.UNKNOWN}


def test_an_observation_that_broke_off_after_it_showed_a_failure_is_a_fail():
    history = HISTORIES["restart:ledger"]()
    [*_, last] = [fields for _, kind, fields in history if kind == "step"]
    last.update(status=404)
    found = outcomes(ended_with("restart:ledger", history, error="NotInTime: waited 60 s"))
    assert found["persistence.pod-delete", "ledger"] is Outcome.FAIL


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize(
    "told", [(0.5, "gap", {"says": "pods: 410 Gone"}), (0.5, "need", {"need": "x", "met": False, "says": "no x"})]
)
def test_a_gap_or_an_unmet_need_is_not_a_pass(observation, told):
    found = outcomes(ended_with(observation, sorted([*HISTORIES[observation](), told], key=lambda m: m[0])))
    doubted = that_read(observation) if told[1] == "gap" else of_observation(observation)
    assert {found[key] for key in doubted} == {Outcome.UNKNOWN}


def watched(observation, change):
    """The run with what the watches said of one observation changed: a function of its time and fields, None drops."""
    rows = []
    for row in ROWS:
        line = json.loads(row)
        if line["of"] == observation and line["kind"] == "bookmark":
            fields = change(line)
            if fields is None:
                continue
            row = resigned(row, **fields)
        rows.append(row)
    return counted_again(rows, observation)


def counted_again(rows, observation):
    """Rows as their writer and the end of one observation count them."""
    count = sum(json.loads(row)["of"] == observation for row in rows)
    rows = [resigned(row, n=n) for n, row in enumerate(rows)]
    for n, row in enumerate(rows):
        line = json.loads(row)
        if line["of"] == observation and line["kind"] == "observe.end":
            rows[n] = resigned(row, lines=count)
    return revouched(rows)


LONG = "rollout:shop"  # longer than a watch may be silent


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: {"caught": False}, "it was not shown that the pod watch saw all"),
        (lambda line: None if line["watch"] == "pod" and line["caught"] else {}, "the pod watch saw all"),
        (lambda line: None if line["watch"] == "deployment" and not line["caught"] else {}, "nothing was heard of the"),
        (lambda _: {"watch": "node"}, "nothing was heard of the pod watch for"),
    ],
    ids=["not caught", "no end", "silent", "another"],
)
def test_a_watch_that_was_not_heard_takes_the_pass(change, reason):
    found = judged(watched(LONG, change))
    for judgement in found:
        if (judgement.check, judgement.subject) in that_read(LONG):
            assert judgement.verdict.outcome is Outcome.UNKNOWN
            assert reason in judgement.verdict.because
        elif judgement.check != "static":
            assert judgement.verdict.passed


def test_what_a_watch_saw_before_the_last_deed_shows_nothing_of_it():
    place = max(n for n, of in enumerate(OF) if of == "journey:buy")
    deed = signed_line(place, (json.loads(ROWS[place])["t"], "marker", {"says": "one more thing"}), "journey:buy")
    rows = counted_again([*ROWS[:place], deed, *ROWS[place:]], "journey:buy")
    because = {(judgement.check, judgement.subject): judgement.verdict.because for judgement in judged(rows)}
    assert "it was not shown that the pod watch saw all" in because["api.journey", "buy"]


@pytest.mark.parametrize("watches", [[], None, "pod", [3]])
def test_a_run_that_does_not_say_what_it_watched_has_no_pass(watches):
    found = judged(revouched([resigned(ROWS[0], watches=watches), *ROWS[1:]]))
    assert not any(judgement.verdict.passed for judgement in found)


def test_where_the_system_never_came_up_nothing_was_watched():
    end = {"lines": 2, "error": f"{NotDeployed.__name__}: shop did not become available"}
    begin = Line(1, 0.0, "dns", "observe.begin", {})
    assert missed((begin, Line(2, 60.0, "dns", "observe.end", end)), ["pod"]) is None
    assert "60.0 s" in missed((begin, Line(2, 60.0, "dns", "observe.end", {**end, "error": "else"})), ["pod"])


def test_what_needs_the_node_of_a_cluster_that_was_given_is_skipped_and_no_doubt():
    need = (0.5, "need", {"need": "node", "met": False, "says": "only the embedded cluster lets us at the node"})
    verdicts = judged(ended_with("frozen:ledger", [need]))
    (frozen,) = [judgement.verdict for judgement in verdicts if judgement.check == "outage.frozen"]
    assert (frozen.outcome, frozen.because) == (Outcome.SKIPPED, "only the embedded cluster lets us at the node")
    assert exit_status(judgement.verdict for judgement in verdicts) == 0
    broke_off = ended_with("frozen:ledger", [need], error="NotInTime: waited 60 s")
    assert outcomes(broke_off)["outage.frozen", "shop"] is not Outcome.PASS


def test_a_failed_request_stays_a_failure_when_the_run_was_killed():
    history = HISTORIES["rollout:shop"]()
    next(fields for t, kind, fields in history if kind == "request" and t > 10).update(status=503)
    rows = ended_with("rollout:shop", history)
    cut = max(n for n, row in enumerate(rows) if json.loads(row)["of"] == "rollout:shop") - 10
    found = outcomes(rows[:cut])
    assert found["rollout.no-loss", "shop"] is Outcome.FAIL
    assert found["deploy.ready", "shop"] is Outcome.PASS
    assert found["scaling.up", "shop"] is Outcome.UNKNOWN


def test_a_last_state_of_a_killed_run_proves_nothing():
    cut = next(n for n, row in enumerate(ROWS) if json.loads(row)["of"] == "dns" and json.loads(row)["n"]) + 2
    assert outcomes(ROWS[:cut])["dns.names", "shop"] is Outcome.UNKNOWN


# Of the many requests and asks one in nine: they are all alike.
MANY = {"request", "asked"}


@pytest.mark.parametrize("lost", [n for n, row in enumerate(ROWS) if json.loads(row)["kind"] not in MANY or n % 9 == 0])
def test_any_lost_line_takes_the_pass_of_its_observation_and_makes_no_fail(lost):
    found = outcomes_of(OF[lost], ROWS[:lost] + ROWS[lost + 1 :])
    if OF[lost]:
        assert set(found.values()) == {Outcome.UNKNOWN}
    assert Outcome.FAIL not in found.values()


lines_of_the_run = st.integers(min_value=0, max_value=len(ROWS) - 1)


@settings(max_examples=25, deadline=None)
@given(first=lines_of_the_run, second=lines_of_the_run)
def test_swapped_lines_never_leave_a_pass(first, second):
    rows = list(ROWS)
    rows[first], rows[second] = rows[second], rows[first]
    found = outcomes(rows)
    if first != second:
        for observation in {OF[first], OF[second]} - {""}:
            assert Outcome.PASS not in {found[key] for key in that_read(observation)}
    assert Outcome.FAIL not in found.values()


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(min_value=0, max_value=len("\n".join(ROWS))))
def test_a_cut_file_passes_only_what_ended_before_the_cut(cut):
    text = "\n".join(ROWS)[:cut]
    found = {
        (judgement.check, judgement.subject): judgement.verdict
        for judgement in judge_run(SYSTEM, PROFILE, read_evidence(text))
    }
    whole = len(text.split("\n")) - 1 + (cut == len("\n".join(ROWS)))
    for check, subject, of in PLAN:
        last = max(n for n, row in enumerate(OF) if row and of in (row, EVERYTHING))
        if last > whole:
            assert found[check, subject].outcome is Outcome.UNKNOWN


@settings(max_examples=40, deadline=None)
@given(line=lines_of_the_run, data=st.data())
def test_a_changed_byte_never_leaves_a_pass(line, data):
    row = ROWS[line]
    place = data.draw(st.integers(min_value=0, max_value=len(row) - 1))
    to = data.draw(st.characters(codec="utf-8"))
    rows = [*ROWS[:line], row[:place] + to + row[place + 1 :], *ROWS[line + 1 :]]
    # A space for a space, or another spelling of the same JSON, is no damage.
    if OF[line] and read_evidence("\n".join(rows)).damage:
        assert Outcome.PASS not in outcomes_of(OF[line], rows).values()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50, deadline=None)
@given(line=lines_of_the_run, data=st.data())
def test_a_well_signed_line_with_any_value_in_it_never_raises(line, data):
    fields = json.loads(ROWS[line])
    name = data.draw(st.sampled_from(sorted(fields.keys() - FIELDS) or ["x"]))
    changed = resigned(ROWS[line], **{name: data.draw(json_values)})
    rows = [*ROWS[:line], changed, *ROWS[line + 1 :]]
    # The end vouches for it, or, when it is the end itself that was changed, does not.
    assert outcomes_of(OF[line], rows if line == len(ROWS) - 1 else revouched(rows))
