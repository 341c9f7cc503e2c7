"""The report as a person reads it, compared whole."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from kubeproof.checks.isolation import judge_reachability
from kubeproof.evidence.reading import Damage
from kubeproof.judging import Judged
from kubeproof.report.junit import junit_xml
from kubeproof.report.text import text_report
from kubeproof.report.verdicts_json import verdicts_json
from kubeproof.verdict import Fact, Held, Outcome, Verdict, failed, passed, unknown
from tests.helpers.histories import lines
from tests.helpers.shop import PROFILE, SYSTEM
from tests.kubeproof.checks.test_isolation import reach, reachability

RUN = {"run": "7f3a", "cluster": "embedded", "started": "2026-01-01T00:00:00Z", "versions": {"kubernetes": "v1"}}
SEEN = Fact(3, "seen")


def isolation() -> Verdict:
    unseen = {"role": "cell", "source": "ledger"}
    history = [moment for moment in reachability() if not unseen.items() <= moment[2].items()]
    history.append(reach("cell", "stranger", "ledger-0", 7001, "connected", t=20))
    return judge_reachability(SYSTEM, PROFILE, "market", lines("reachability", history))


JUDGED = (
    Judged("deploy.ready", "shop", "all become available", passed("available after 3.2 s", SEEN), 4.0),
    Judged("deploy.ready", "ledger", "all become available", failed("shop-a restarted", Fact(7, "twice")), 4.0),
    Judged("dns.names", "shop", "names answer", passed("3 look-ups", SEEN), 1.0),
    Judged("isolation.reachability", "market", "only the declared pairs can talk", isolation(), 2.0),
    Judged("scaling.up", "shop", "it grows", unknown("needs metrics-api:\n503"), None),
    Judged("rollout.no-loss", "shop", "none fails", Verdict(Outcome.SKIPPED, "was not asked for"), None),
)
TARGET = """\
kubeproof   cluster: embedded v1   run 7f3a   evidence: out/7f3a/

FAIL     deploy      all become available
                     PASS     shop    available after 3.2 s
                     FAIL     ledger  shop-a restarted
                       twice   (line 7)
PASS     dns         names answer                                                                 3 look-ups
FAIL     isolation   only the declared pairs can talk                                             \
1 of 5 wrong, 1 unknown
                                  shop    ledger
                       shop         X        .
                       ledger       ?        -
                       stranger     X       [.]
                       stranger -> ledger:7001                   should be blocked, was allowed   \
connected in 12 ms   (line 22)
                       ledger -> shop:7000                       should be blocked, cannot tell   was not tried
UNKNOWN  scaling     it grows                                                                     needs metrics-api: 503
not verified         1: rollout.no-loss [shop] (was not asked for)

time: deploy 4 s, dns 1 s
2 hold, 2 broken, 1 cannot be judged, 1 not verified.   exit 1
again: kubeproof run -k "deploy or isolation or scaling\""""


def report(judged=JUDGED, **more):
    return text_report(judged, RUN, evidence="out/7f3a/", exit=1, **more)


def test_the_report_reads_like_the_one_of_the_architecture():
    assert report(took=(("deploy", 4.0), ("dns", 1.0))) == TARGET


def test_damage_and_a_missing_end_are_told():
    text = report(damage=(Damage(14, "is not JSON"),), unfinished=True)
    assert "evidence damaged     line 14: is not JSON" in text
    assert "evidence cut         the run did not end" in text


def test_a_run_whose_beginning_was_lost_is_still_reported():
    text = text_report(JUDGED, {}, evidence="x", exit=2)
    assert text.startswith("kubeproof   cluster: unknown   run unknown   evidence: x")


def test_nothing_to_run_again_when_all_holds():
    assert "again:" not in report(JUDGED[:1])
    assert "1 holds, 0 broken, 0 cannot be judged, 0 not verified." in report(JUDGED[:1])


def test_what_others_said_cannot_steer_the_terminal():
    hostile = replace(JUDGED[1], verdict=failed("\x1b[2Jgone", Fact(1, "\ud800 \x07")))
    text = report((hostile,))
    assert "\x1b" not in text
    assert "\x07" not in text
    text.encode("utf-8")


def test_a_long_reason_gets_a_line_of_its_own():
    long = replace(JUDGED[2], verdict=unknown("it cannot be said; " * 5))
    lines = report((long,)).splitlines()
    assert lines[2] == "UNKNOWN  dns         names answer"
    assert lines[3].startswith("                       it cannot be said; it")


def test_many_facts_are_cut_and_the_rest_is_counted():
    many = replace(JUDGED[1], verdict=failed("many", *(Fact(n, f"fact {n}") for n in range(40))))
    assert "and 28 more, in verdicts.json" in report((many,))


PREMISES = (
    Held("it was asked", passed("asked", Fact(2, "once"))),
    Held("the fault was there", unknown("no marker\nof it", Fact(9, "an end"))),
)
WITH_PREMISES = """
UNKNOWN  scaling     it grows                                                                     not shown
                       shown:     it was asked
                                  once   (line 2)
                       not shown: the fault was there
                                  no marker of it
                                  an end   (line 9)
"""


@pytest.mark.parametrize("everything", [True, False])
def test_premises_stand_under_their_law_with_their_lines_when_all_is_wanted(everything):
    verdict = replace(unknown("not shown"), premises=PREMISES)
    one, other = (replace(JUDGED[4], subject=subject, verdict=verdict) for subject in ("shop", "ledger"))
    assert (WITH_PREMISES in report((one,), everything=everything)) is everything
    assert report((one, other), everything=everything).count("once   (line 2)") == 2 * everything


def test_verdicts_json_has_the_documented_shape():
    by = {"version": "1", "commit": None, "code": "a"}
    held = Held("it was asked", unknown("nobody asked", Fact(4, "an end")))
    judged = [replace(JUDGED[0], verdict=replace(JUDGED[0].verdict, premises=(held,))), *JUDGED[1:]]
    text = verdicts_json(judged, RUN, exit=1, judged_from={"evidence.jsonl": "b"}, kubeproof=by, images=[])
    document = json.loads(text)
    assert list(document) == ["run", "cluster", "started", "exit", "judged_from", "kubeproof", "images", "verdicts"]
    assert (document["judged_from"], document["kubeproof"]) == ({"evidence.jsonl": "b"}, by)
    assert document["verdicts"][0]["premises"] == [
        {
            "premise": "it was asked",
            "held": False,
            "because": "nobody asked",
            "evidence": [{"line": 4, "says": "an end"}],
        }
    ]
    assert document["exit"] == 1
    assert document["verdicts"][1] == {
        "check": "deploy.ready",
        "subject": "ledger",
        "law": "all become available",
        "outcome": "FAIL",
        "because": "shop-a restarted",
        "evidence": [{"line": 7, "says": "twice"}],
        "premises": [],
        "seconds": 4.0,
    }
    assert len(document["verdicts"]) == len(JUDGED)


def test_junit_carries_words_for_all_that_is_not_a_pass():
    hostile = replace(JUDGED[1], subject="a\x00b", verdict=failed("\x1b\ud800 & <", SEEN))
    suite = ElementTree.fromstring(junit_xml((*JUDGED, hostile), RUN).encode("utf-8"))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "7",
        "3",
        "1",
        "1",
    )
    said = [case[0] for case in suite if len(case)]
    assert len(said) == 5
    assert all(element.text.strip() and element.get("message").strip() for element in said)
