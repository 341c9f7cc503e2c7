"""Each judge on histories written out: holds, broken, part missing, nothing seen, broken and missing together."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeproof.checks.catalogue import LIVE
from kubeproof.profile.intent import AllowedPair
from kubeproof.verdict import Outcome
from tests.kubeproof.checks import histories as h
from tests.kubeproof.checks.histories import PROFILE, SYSTEM, History

SUBJECTS = {
    "deploy.ready": ("shop", "deploy"),
    "dns.names": ("shop", "dns"),
    "api.journey": ("buy", "journey:buy"),
    "probes.readiness-follows-database": ("shop", "outage:ledger"),
    "probes.liveness-ignores-database": ("shop", "outage:ledger"),
    "outage.answers": ("shop", "outage:ledger"),
    "outage.frozen": ("shop", "frozen:ledger"),
    "outage.black-holed": ("shop", "black-holed:ledger"),
    "ingress.routes": ("shop.example", "ingress"),
    "gateway.routes": ("shop.example", "gateway"),
    "isolation.reachability": ("market", "reachability"),
    "rollout.no-loss": ("shop", "rollout:shop"),
    "rollout.in-time": ("shop", "rollout:shop"),
    "scaling.up": ("shop", "scaling:shop"),
    "persistence.pod-delete": ("ledger", "restart:ledger"),
    "persistence.backup-restore": ("ledger", "backup:ledger"),
}
READINESS, LIVENESS = "probes.readiness-follows-database", "probes.liveness-ignores-database"
FROZEN, BLACK_HOLED = "outage.frozen", "outage.black-holed"
BACKUP = "persistence.backup-restore"
Change = Callable[[History], History]


def judged(check: str, change: Change = lambda history: history, system=SYSTEM, profile=PROFILE):
    subject, of = SUBJECTS[check]
    return LIVE[check].judge(system, profile, subject, h.lines(of, change(h.HISTORIES[of]())))


def without(kind: str, **fields) -> Change:
    """The history without the lines of a kind that have these fields."""
    return lambda history: [
        moment
        for moment in history
        if moment[1] != kind or any(moment[2].get(key) != value for key, value in fields.items())
    ]


def changed(kind: str, where: dict, **fields) -> Change:
    """The history with other fields in the lines of a kind that match `where`."""
    return lambda history: [
        (t, k, {**data, **fields}) if k == kind and where.items() <= data.items() else (t, k, data)
        for t, k, data in history
    ]


def plus(*moments) -> Change:
    return lambda history: sorted([*history, *moments], key=lambda moment: moment[0])


def both(*changes: Change) -> Change:
    def apply(history: History) -> History:
        for change in changes:
            history = change(history)
        return history

    return apply


def answer(t: float, question: str, status: int | None, **fields) -> h.Moment:
    """One more answer of pod a."""
    return h.asked(t, question, "a", status, **fields)


def counted(history: History) -> History:
    """The history whose end counts the asks that are in it."""
    asked = sum(1 for moment in history if moment[1] == "asked")
    return changed("asked.end", {}, asked=asked)(history)


def _is_request(moment: h.Moment, pod: str) -> bool:
    return moment[1] == "asked" and (moment[2]["question"], moment[2]["pod"]) == ("request", pod)


def until(end: float) -> Change:
    return lambda history: [moment for moment in history if moment[0] <= end]


@pytest.mark.parametrize("check", SUBJECTS)
def test_a_history_in_which_all_holds_is_a_pass_with_evidence(check):
    verdict = judged(check)
    assert verdict.passed, verdict.report()
    assert any(fact.line is not None for fact in verdict.evidence)


@pytest.mark.parametrize("check", SUBJECTS)
def test_nothing_seen_is_unknown(check):
    assert judged(check, lambda _: []).outcome is Outcome.UNKNOWN


# Reachability is about the system as a whole, whatever its name.
@pytest.mark.parametrize("check", sorted(SUBJECTS.keys() - {"isolation.reachability"}))
def test_a_subject_that_is_not_declared_is_unknown(check):
    _, of = SUBJECTS[check]
    verdict = LIVE[check].judge(SYSTEM, PROFILE, "nobody", h.lines(of, h.HISTORIES[of]()))
    assert verdict.outcome is Outcome.UNKNOWN


TRANSPORT = "ConnectionResetError: reset"
MISSED = "not observed: exec failed"
BROKEN = {
    "never ready": ("deploy.ready", both(until(5), plus((61.0, "gap", {}))), "not available after 61.0 s"),
    "ready late": ("deploy.ready", both(until(5), plus(h.sample(70, "shop", 2, 2))), "its deadline is 60 s"),
    "spec not observed": (
        "deploy.ready",
        both(changed("workload", {"ready": 2}, observed=0), plus((61.0, "gap", {}))),
        "not available",
    ),
    "old pods left": (
        "deploy.ready",
        both(changed("workload", {"ready": 2}, replicas=3), plus((61.0, "gap", {}))),
        "not available",
    ),
    "scaled to nothing": (
        "deploy.ready",
        both(plus(h.sample(8, "shop", 0, 0)), plus((61.0, "gap", {}))),
        "not available",
    ),
    "restarted": ("deploy.ready", plus(h.pod(7, "a", restarts=2)), "shop-a restarted 2 times"),
    "no image": (
        "deploy.ready",
        both(
            until(5),
            plus((5.0, "event", {"reason": "Failed", "object": "Pod/shop-a", "says": "Failed to pull image x"})),
        ),
        "Failed to pull image x",
    ),
    "no such name": ("dns.names", changed("name", {"asked": "shop.run-1"}, error="NXDOMAIN"), "NXDOMAIN"),
    "wrong address": ("dns.names", changed("name", {"asked": "shop"}, addresses=["10.9.9.9"]), "10.9.9.9"),
    "one address too many": (
        "dns.names",
        changed("name", {"asked": "shop"}, addresses=["10.1.0.1", "10.9.9.9"]),
        "10.9.9.9",
    ),
    "wrong status": ("api.journey", changed("step", {"index": 1}, status=500), "answered 500, should be 200"),
    "transport": ("api.journey", changed("step", {"index": 1}, error=TRANSPORT, status=None), TRANSPORT),
    "wrong content": ("api.journey", changed("step", {"index": 1}, body={"id": 7, "name": "pot"}), "contain"),
    "id as a text": ("api.journey", changed("step", {"index": 1}, body={"id": "7", "name": "cup"}), "contain"),
    "not listed": ("api.journey", changed("step", {"index": 2}, body={"items": []}), "none of the 0"),
    "no list": ("api.journey", changed("step", {"index": 2}, body="oops"), "lists no items"),
    "nothing to save": ("api.journey", changed("step", {"index": 0}, body={"name": "cup"}), "no 'id'"),
    "second try": ("api.journey", plus(h.step(0.5, "buy", 0, "POST", 500, None)), "answered 500"),
    "stayed in the service": (READINESS, without("endpoints", ready=[]), "still had ready endpoints"),
    "left late": (
        READINESS,
        both(without("endpoints", ready=[]), plus(h.endpoints(20))),
        "left shop after 19.0 s, promised are 15.0 s",
    ),
    "back without it": (READINESS, plus(h.endpoints(20, "shop-a")), "came back to shop without"),
    "one never returned": (
        READINESS,
        both(until(35.5), plus((60.0, "gap", {}))),
        "not all 2 are back in shop 30.0 s",
    ),
    "liveness restarts": (LIVENESS, plus(h.pod(20, "a", restarts=1)), "shop-a restarted"),
    "liveness restarts, told late": (LIVENESS, plus(h.pod(33, "a", restarts=1)), "shop-a restarted"),
    "liveness hangs": (
        "outage.answers",
        changed("asked", {"question": "liveness", "pod": "shop-a"}, seconds=0.3),
        "liveness p99 of 145 asks answered after 0.3 s, promised is 100 ms",
    ),
    "liveness not answered": (
        "outage.answers",
        plus(*(answer(t, "liveness", None, error="TimeoutError: timed out") for t in (10, 11, 12))),
        "not answered: TimeoutError",
    ),
    "liveness depends on it": (
        "outage.answers",
        plus(answer(20, "liveness", 503)),
        "liveness of shop-a answered 503 while",
    ),
    "one pod hangs, the others are asked more often": (
        "outage.answers",
        both(
            lambda history: [m for m in history if not (_is_request(m, "shop-b") and 1 < m[0] < 30)],
            plus(h.asked(20, "request", "b", None, 10.0, error="TimeoutError: timed out")),
            plus(*(answer(2 + tick * 0.1, "request", 503) for tick in range(200))),
            counted,
        ),
        "request of shop-b was never answered within 1000 ms",
    ),
    "callers hang": (
        "outage.answers",
        changed("asked", {"question": "request", "status": 503}, seconds=3.0),
        "answered after 3.0 s, promised is 1000 ms",
    ),
    "served again late": (
        "outage.answers",
        plus(answer(43.5, "request", 503), answer(44, "request", 200)),
        "shop-a served again 11.0 s after ledger was Ready, promised are 10.0 s",
    ),
    "liveness hangs with the database": (
        FROZEN,
        changed("asked", {"question": "liveness", "pod": "shop-a"}, seconds=0.3),
        "liveness p99 of 145 asks answered after 0.3 s, promised is 100 ms",
    ),
    "callers hang with the database": (
        BLACK_HOLED,
        changed("asked", {"question": "request", "status": 503}, seconds=3.0),
        "answered after 3.0 s, promised is 1000 ms",
    ),
    "stayed in the service of a hanging pod": (FROZEN, without("endpoints", ready=[]), "still had ready endpoints"),
    "left late without an answer": (
        BLACK_HOLED,
        both(without("endpoints", ready=[]), plus(h.endpoints(20))),
        "left shop after 19.0 s, promised are 15.0 s",
    ),
    "restarted because the database hangs": (FROZEN, plus(h.pod(20, "a", restarts=1)), "shop-a restarted"),
    "served again late after it answered": (
        FROZEN,
        plus(answer(43.5, "request", 503), answer(44, "request", 200)),
        "shop-a served again 13.4 s after ledger answered, promised are 10.0 s",
    ),
    "undeclared pair talks": (
        "isolation.reachability",
        changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
        "1 of 4 wrong, 0 unknown",
    ),
    "declared pair cannot talk": (
        "isolation.reachability",
        both(
            changed("reach", {"role": "cell", "source": "shop"}, outcome="timeout"),
            plus(h.reach("control", "client", "ledger", 7001, "connected")),
            plus(h.reach("control", "shop", "shop", 7000, "connected")),
        ),
        "1 of 4 wrong, 0 unknown",
    ),
    "failed requests": (
        "rollout.no-loss",
        changed("request", {"connection": "reused", "intended": 1014.0}, error=TRANSPORT, status=None, phase="header"),
        "1 of 120 failed",
    ),
    "wrong answers": ("rollout.no-loss", changed("request", {"intended": 1014.0}, status=503), "2 of 120 failed"),
    "slow on one kind of connection": (
        "rollout.in-time",
        changed("request", {"connection": "reused", "intended": 1014.0}, seconds=1.2),
        "p99 1200 ms on reused connections, promised are 1000 ms",
    ),
    "waited for its turn": (
        "rollout.in-time",
        changed("request", {"connection": "new", "intended": 1014.0}, sent=1015.1),
        "p99 1110 ms on new connections, promised are 1000 ms",
    ),
    "failed, so never in time": (
        "rollout.in-time",
        changed("request", {"connection": "new", "intended": 1014.0}, status=503),
        "p99 without an answer: status 503, should be 200 on new connections",
    ),
    "stuck": (
        "rollout.no-loss",
        both(without("marker", says="rollout done"), plus(h.marker(29, "rollout stuck"))),
        "never completed",
    ),
    "two at once": (
        "scaling.up",
        both(without("autoscaler", desired=3), plus(h.autoscaler(79, 2))),
        "from 2 to 4 replicas at once",
    ),
    "never reached": (
        "scaling.up",
        both(until(80), plus(*(h.autoscaler(t, 3) for t in range(90, 240, 15)), h.marker(250, "load ended"))),
        "never wanted 4 replicas, at most 3",
    ),
    "reached late": (
        "scaling.up",
        both(until(80), plus(h.autoscaler(250, 4), h.sample(260, "shop", 4, 4), h.marker(261, "load ended"))),
        "promised are 240.0 s",
    ),
    "above the maximum": ("scaling.up", plus(h.autoscaler(85, 5), h.autoscaler(86, 6)), "maximum is 5"),
    "wanted, never ready": (
        "scaling.up",
        both(until(81), plus(h.marker(250, "load ended"))),
        "never had 4 ready replicas",
    ),
    "lost what was written": (
        "persistence.pod-delete",
        changed("step", {"journey": "read"}, status=404, body={"title": "no such thing"}),
        "answered 404, should be 200",
    ),
    "not in the backup": (
        BACKUP,
        changed("step", {"status": 200}, status=404, body=None),
        "answered 404, should be 200",
    ),
    "another thing in the backup": (BACKUP, changed("step", {"status": 200}, body={"id": 3, "name": "old"}), "contain"),
    "no backup": (
        BACKUP,
        both(until(2), plus(h.job(6, "save", "failed", "pg_dump: no such database"))),
        "the backup failed: pg_dump: no such database",
    ),
    "no way to back up": (
        BACKUP,
        both(until(2), plus(h.job(6, "save", "absent", "there is no CronJob save"))),
        "there is no CronJob save",
    ),
    "backup without end": (BACKUP, both(until(2), plus(h.job(62, "save", "late"))), "did not end within 60.0 s"),
    "no restore": (BACKUP, changed("job", {"source": "bring-back"}, ended="failed", says="damaged"), "restore failed"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(case):
    check, change, says = BROKEN[case]
    verdict = judged(check, change)
    assert verdict.outcome is Outcome.FAIL, verdict.report()
    assert says in verdict.because
    assert any(fact.line is not None for fact in verdict.evidence)


MISSING = {
    "not applied": ("deploy.ready", without("marker"), "applied"),
    "no pods": ("deploy.ready", without("pod"), "no pod of shop"),
    "too few pods": ("deploy.ready", without("pod", uid="b"), "1 of 2 pods"),
    "no samples": ("deploy.ready", without("workload"), "never seen"),
    "watched too short": ("deploy.ready", until(5), "watched for less than its 60 s"),
    "restarts unsaid": ("deploy.ready", changed("pod", {"uid": "a"}, restarts=None), "does not say"),
    "one name not asked": ("dns.names", without("name", asked="shop.run-1"), "NAME.NAMESPACE"),
    "name not observed": ("dns.names", changed("name", {"asked": "shop"}, error=MISSED), MISSED),
    "nothing expected": ("dns.names", changed("name", {}, expected=[], addresses=[]), "no answer can be right"),
    "step missing": ("api.journey", without("step", index=2), "3 GET /things was not seen"),
    "step not observed": ("api.journey", changed("step", {"index": 1}, error=MISSED), MISSED),
    "saving step missing": ("api.journey", without("step", index=0), "was not seen"),
    "another step": ("api.journey", changed("step", {"index": 1}, method="PUT"), "has PUT there"),
    "outage without stop": (READINESS, without("marker", says="database stopped"), "was stopped"),
    "outage without start": (READINESS, without("marker", says="database started"), "started again"),
    "never in the service": (READINESS, changed("endpoints", {}, ready=[]), "had no ready endpoint before"),
    "outage too short to tell": (
        READINESS,
        both(without("endpoints", ready=[]), without("marker", says="database started"), until(10)),
        "still had ready endpoints",
    ),
    "short outage": (
        LIVENESS,
        lambda history: [(t - 20 if t >= 30 else t, k, d) for t, k, d in history],
        "a liveness probe needs 15.0 s",
    ),
    "no pods after": (LIVENESS, until(31), "were not seen after the outage"),
    "one pod not seen after": (LIVENESS, until(35.5), "1 of 2 pods of shop were not seen after"),
    "no pods before": (LIVENESS, lambda history: history[3:], "before the outage"),
    "liveness without start": (LIVENESS, without("marker", says="database started"), "started again"),
    "a new pod restarted unseen": (LIVENESS, plus(h.pod(20, "z", restarts=1)), "before it was first seen"),
    "outage without marks": ("outage.answers", without("marker"), "no markers say"),
    "outage cut short": (
        "outage.answers",
        lambda history: [(t, k, d) if d.get("says") != "database started" else (15.0, k, d) for t, k, d in history],
        "was away for 14.0 s, 20.0 s are promised",
    ),
    "nobody asked": ("outage.answers", without("asked"), "0 are in the evidence"),
    "an answer lost": ("outage.answers", without("asked", question="liveness", pod="shop-a"), "are in the evidence"),
    "a pod asked one question only": (
        "outage.answers",
        both(without("asked", question="request", pod="shop-a"), counted),
        "1 of 2 pods of shop were not asked",
    ),
    "a pod not asked in time": (
        "outage.answers",
        both(
            lambda history: [m for m in history if not (_is_request(m, "shop-b") and 1 < m[0] < 30)],
            plus(*(answer(2 + tick * 0.1, "request", 503) for tick in range(200))),
            counted,
        ),
        "shop-b was not asked during the outage",
    ),
    "a pod not asked": ("outage.answers", plus(h.pod(0.5, "c")), "1 of 3 pods of shop were not asked"),
    "no control": (
        "outage.answers",
        lambda history: [moment for moment in history if moment[1] != "asked" or moment[0] > 1],
        "2 of 2 pods did not answer before the outage either",
    ),
    "database never back": ("outage.answers", without("pod", uid="l"), "was not seen that ledger was Ready"),
    "fault without marks": (
        FROZEN,
        without("marker", says="database away"),
        "no markers say when the",
    ),
    "fault without end": (BLACK_HOLED, without("marker", says="database started"), "no markers say"),
    "nobody greeted": (FROZEN, without("greeted"), "ledger was never greeted"),
    "greeted by nobody before": (
        FROZEN,
        lambda history: [moment for moment in history if moment[1] != "greeted" or moment[0] > 1],
        "ledger-l did not answer a greeting before it was frozen either",
    ),
    "it answered meanwhile": (
        FROZEN,
        plus(h.greeted(20, "answered")),
        "ledger-l was to be frozen, and a greeting was answered",
    ),
    "another fault than it says": (
        FROZEN,
        plus(h.greeted(20, "refused", says="[Errno 111] Connection refused")),
        "and a greeting was refused: [Errno 111] Connection refused",
    ),
    "it took no calls": (FROZEN, changed("greeted", {"outcome": "silent"}, outcome="timeout"), "was timeout"),
    "it took calls": (BLACK_HOLED, changed("greeted", {"outcome": "timeout"}, outcome="silent"), "was silent"),
    "greeted too seldom": (
        BLACK_HOLED,
        lambda history: [m for m in history if m[1] != "greeted" or not 9 < m[0] < 18],
        "ledger-l was not greeted for 10.0 s while it was to be black-holed",
    ),
    "not greeted at all meanwhile": (
        FROZEN,
        without("greeted", outcome="silent"),
        "ledger-l was not greeted for 28.8 s",
    ),
    "no answer after": (
        FROZEN,
        lambda history: [m for m in history if m[1] != "greeted" or m[0] < 30],
        "did not answer a greeting after it was frozen",
    ),
    "the database restarted": (
        FROZEN,
        plus(h.pod(20, "l", "ledger", restarts=1)),
        "ledger-l restarted: it was not only frozen",
    ),
    "the database was replaced": (
        BLACK_HOLED,
        plus(h.pod(20, "l", "ledger", deleted=True)),
        "ledger-l was deleted meanwhile",
    ),
    "stayed, and the fault was not there": (
        FROZEN,
        both(without("endpoints", ready=[]), changed("greeted", {"outcome": "silent"}, outcome="answered")),
        "and a greeting was answered",
    ),
    "fault cut short": (
        FROZEN,
        lambda history: [(t, k, d) if d.get("says") != "database started" else (15.0, k, d) for t, k, d in history],
        "was away for 14.0 s, 20.0 s are promised",
    ),
    "no canary": ("isolation.reachability", without("reach", role="canary"), "canary"),
    "canary reaches nothing": (
        "isolation.reachability",
        changed("reach", {"target": "listener"}, outcome="timeout"),
        "did not reach its listener",
    ),
    "not enforced": (
        "isolation.reachability",
        changed("reach", {"target": "walled"}, outcome="connected"),
        "does not enforce NetworkPolicy",
    ),
    "need unmet": (
        "isolation.reachability",
        plus((0.0, "need", {"need": "policies", "met": False, "says": "none"})),
        "needs policies: none",
    ),
    "cell missing": ("isolation.reachability", without("reach", source="ledger"), "0 of 4 wrong, 1 unknown"),
    "cell not observed": (
        "isolation.reachability",
        changed("reach", {"source": "ledger"}, outcome="not-observed"),
        "0 of 4 wrong, 1 unknown",
    ),
    "blocked without a control": (
        "isolation.reachability",
        without("reach", role="control"),
        "0 of 4 wrong, 2 unknown",
    ),
    "declared, its source connects nowhere": (
        "isolation.reachability",
        both(
            changed("reach", {"role": "cell", "source": "shop"}, outcome="timeout"),
            plus(h.reach("control", "client", "ledger", 7001, "connected")),
        ),
        "0 of 4 wrong, 1 unknown",
    ),
    "no requests": ("rollout.no-loss", without("request"), "no request was seen"),
    "only new connections": ("rollout.no-loss", without("request", connection="reused"), "60 sent, 0 in the ledger"),
    "sender's count missing": ("rollout.no-loss", without("ledger.end", connection="new"), "own count is missing"),
    "a request missing": (
        "rollout.no-loss",
        without("request", intended=1014.0, connection="new"),
        "60 sent, 59 in the ledger",
    ),
    "too few": (
        "rollout.no-loss",
        both(
            lambda history: [m for m in history if m[1] != "request" or m[2]["intended"] % 2 == 0],
            changed("ledger.end", {}, sent=15),
        ),
        "14 requests since the rollout began, 20 are needed",
    ),
    "a hole in the ledger": (
        "rollout.no-loss",
        both(
            lambda history: [m for m in history if m[1] != "request" or not 1010 < m[2]["intended"] < 1014],
            changed("ledger.end", {}, sent=53),
        ),
        "nothing was sent for 4.0 s",
    ),
    "ends before the rollout does": (
        "rollout.no-loss",
        both(
            lambda history: [m for m in history if m[1] != "request" or m[2]["intended"] <= 1020],
            changed("ledger.end", {}, sent=41),
        ),
        "does not cover the rollout",
    ),
    "not completed": ("rollout.no-loss", without("marker", says="rollout done"), "no markers say"),
    "in time, but not completed": ("rollout.in-time", without("marker", says="rollout done"), "no markers say"),
    "in time, but no start": ("rollout.in-time", without("marker", says="rollout started"), "since the rollout began"),
    "in time, but one has no time": (
        "rollout.in-time",
        changed("request", {"connection": "new", "intended": 1014.0}, seconds=None),
        "60 sent, 59 in the ledger",
    ),
    "in time, but lines are lost": (
        "rollout.in-time",
        without("request", connection="reused", intended=1014.0),
        "60 sent, 59 in the ledger",
    ),
    "nothing replaced": ("rollout.no-loss", both(without("pod", uid="c"), without("pod", uid="d")), "no new one"),
    "no pods gone": (
        "rollout.no-loss",
        changed("pod", {}, deleted=False, gone=False),
        "no old pod was seen going",
    ),
    "an old pod stayed": ("rollout.no-loss", both(without("pod", uid="b"), plus(h.pod(0, "b"))), "not seen going"),
    "no metrics": (
        "scaling.up",
        changed("need", {}, met=False, says="the metrics API answers 503"),
        "needs metrics-api: the metrics API answers 503",
    ),
    "no load marker": ("scaling.up", without("marker", says="load started"), "load started"),
    "no load": ("scaling.up", without("load"), "no load was seen"),
    "all of the load failed": (
        "scaling.up",
        both(without("load"), plus(h.load(60, 900, 900))),
        "every request of the load failed",
    ),
    "no samples of it": ("scaling.up", without("autoscaler"), "not seen before the load"),
    "there before": ("scaling.up", changed("autoscaler", {"desired": 2}, desired=4), "before the load"),
    "jump in the dark": ("scaling.up", without("autoscaler", desired=3), "with nothing seen for"),
    "load too short": ("scaling.up", until(80), "never wanted 4 replicas"),
    "never deleted": ("persistence.pod-delete", without("marker", says="pod deleted"), "no markers"),
    "never back": ("persistence.pod-delete", without("marker", says="pod back"), "no markers"),
    "nothing written": (
        "persistence.pod-delete",
        changed("step", {"journey": "write"}, status=500),
        "'write' did not hold",
    ),
    "write not seen": ("persistence.pod-delete", without("step", journey="write"), "'write' did not hold"),
    "read not seen": ("persistence.pod-delete", without("step", journey="read"), "was not seen"),
    "backup never begun": (BACKUP, without("marker", at="save"), "no marker says that a backup was made"),
    "backup's end not seen": (BACKUP, without("job", source="save"), "how the backup ended was not seen"),
    "restore's end not seen": (BACKUP, without("job", source="bring-back"), "how the restore ended was not seen"),
    "an end that says nothing": (BACKUP, changed("job", {"source": "save"}, ended=None), "is not said"),
    "nothing to back up": (BACKUP, changed("step", {"journey": "write"}, status=500), "'write' did not hold"),
    "written after the backup began": (
        BACKUP,
        both(without("step", journey="write"), plus(h.step(3, "write", 0, "POST", 201, {"id": 3}))),
        "'write' did not hold",
    ),
    "not read after the restore": (BACKUP, until(21), "was not seen"),
    "volumes not deleted": (BACKUP, without("marker", says="volumes deleted"), "no markers"),
    "volumes not new": (BACKUP, without("marker", says="volumes new"), "no markers"),
    "restore never begun": (BACKUP, without("marker", at="bring-back"), "no markers"),
    "the same volume": (
        BACKUP,
        changed("marker", {"says": "volumes new"}, claims=[{"name": "data-ledger-0", "uid": "v"}]),
        "no volume was seen replaced",
    ),
    "no volume at all": (BACKUP, changed("marker", {"says": "volumes deleted"}, claims=[]), "no volume was seen"),
    "volumes unsaid": (BACKUP, changed("marker", {"says": "volumes new"}, claims="w"), "no volume was seen"),
    "never lost": (
        BACKUP,
        changed("step", {"status": 404}, status=200, body={"id": 3, "name": "kept"}),
        "the data was never lost",
    ),
    "nobody looked": (BACKUP, without("step", status=404), "nobody could look"),
    "no answer before the restore": (
        BACKUP,
        changed("step", {"status": 404}, status=None, error=TRANSPORT),
        "nobody could look",
    ),
    # The service was there and its database was not: nothing was told of the data.
    "only an error before the restore": (BACKUP, changed("step", {"status": 404}, status=503), "nobody could look"),
    "not observed before the restore": (BACKUP, changed("step", {"status": 404}, error=MISSED), "nobody could look"),
    "the same pod": ("persistence.pod-delete", changed("pod", {"uid": "m"}, uid="l"), "no new one"),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_part_is_unknown_and_says_which(case):
    check, change, says = MISSING[case]
    verdict = judged(check, change)
    assert verdict.outcome is Outcome.UNKNOWN, verdict.report()
    assert says in verdict.because


WORST_WINS = {
    "restarted, and a pod unseen": (
        "deploy.ready",
        both(without("pod", uid="b"), plus(h.pod(7, "a", restarts=1))),
    ),
    "one name wrong, one not asked": (
        "dns.names",
        both(without("name", asked="shop"), changed("name", {"asked": "shop.run-1"}, addresses=[])),
    ),
    "a step wrong, the next missing": (
        "api.journey",
        both(without("step", index=2), changed("step", {"index": 1}, status=500)),
    ),
    "restarted, and one not asked": (FROZEN, plus(h.pod(20, "a", restarts=1), h.pod(0.5, "c"))),
    "stayed, and no start": (READINESS, both(until(29), without("endpoints", ready=[]), plus((29.0, "gap", {})))),
    "restarted, and no start": (LIVENESS, both(plus(h.pod(20, "a", restarts=1)), until(29))),
    "a cell wrong, a cell missing": (
        "isolation.reachability",
        both(
            changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
            without("reach", source="ledger"),
        ),
    ),
    "a request failed, the count missing": (
        "rollout.no-loss",
        both(changed("request", {"intended": 1014.0}, status=503), without("ledger.end")),
    ),
    "above the maximum, no load": ("scaling.up", both(plus(h.autoscaler(82, 9)), without("load"))),
    "not in the backup, and no control": (
        BACKUP,
        both(without("step", status=404), changed("step", {"status": 200}, status=404)),
    ),
    "no restore, and nobody read": (
        BACKUP,
        both(until(17), plus(h.job(21, "bring-back", "failed"))),
    ),
    "lost, and the pod unseen": (
        "persistence.pod-delete",
        both(changed("step", {"journey": "read"}, status=404), without("pod")),
    ),
}


@pytest.mark.parametrize("case", WORST_WINS)
def test_broken_and_missing_together_is_broken(case):
    check, change = WORST_WINS[case]
    verdict = judged(check, change)
    assert verdict.outcome is Outcome.FAIL, verdict.report()


@pytest.mark.parametrize("check", [FROZEN, BLACK_HOLED])
def test_a_fault_that_nobody_could_make_is_skipped_and_says_what_it_needs(check):
    need = {"need": "node", "met": False, "says": "only the embedded cluster lets us at the node"}
    verdict = judged(check, lambda _: [(0.0, "need", need)])
    assert (verdict.outcome, verdict.because) == (Outcome.SKIPPED, "only the embedded cluster lets us at the node")


def test_an_answer_from_before_the_fault_may_be_told_after_it_began():
    assert judged(FROZEN, plus(h.greeted(1.9, "answered"))).passed


@settings(max_examples=60, deadline=None)
@given(
    at=st.floats(min_value=2.4, max_value=30.0),
    outcome=st.sampled_from(["answered", "refused", "timeout", "unreachable", "not-observed"]),
)
def test_one_greeting_that_is_no_sign_of_the_fault_takes_every_verdict_away(at, outcome):
    # Even the verdict that something is broken: whose database answered was not asked to bear its silence.
    stayed = without("endpoints", ready=[])
    assert judged(FROZEN, both(stayed, plus(h.greeted(at, outcome)))).outcome is Outcome.UNKNOWN


@settings(max_examples=60, deadline=None)
@given(
    lost=st.sets(st.sampled_from([m[0] for m in h.HISTORIES["black-holed:ledger"]() if m[1] == "greeted"]), min_size=4)
)
def test_greetings_that_are_lost_break_no_promise(lost):
    verdict = judged(BLACK_HOLED, lambda history: [m for m in history if m[1] != "greeted" or m[0] not in lost])
    assert verdict.outcome is not Outcome.FAIL


def test_a_fault_borne_well_is_told_with_its_figures():
    assert judged(FROZEN).because == (
        "ledger-l frozen: 8 greetings, none answered; away for 29.0 s; asked 400 times; 2 pods asked;"
        " liveness p99 10 ms of 144 asks; request p99 10 ms of 144 asks; all pods served 4.8 s after ledger answered;"
        " no restart; left shop after 11.0 s; all 2 returned to shop 6.0 s after the database did"
    )


def test_no_autoscaler_is_a_fail_of_the_manifests():
    verdict = judged("scaling.up", lambda _: [], system=replace(SYSTEM, autoscalers=()))
    assert (verdict.outcome, verdict.because) == (Outcome.FAIL, "no autoscaler targets it")


def test_a_workload_without_liveness_probe_cannot_be_judged_by_it():
    bare = replace(SYSTEM.workloads[0], containers=(replace(SYSTEM.workloads[0].containers[0], probes=()),))
    verdict = judged(LIVENESS, system=replace(SYSTEM, workloads=(bare, SYSTEM.workloads[1])))
    assert verdict.outcome is Outcome.UNKNOWN


def test_a_declared_pair_that_nothing_can_try_is_unknown():
    profile = replace(PROFILE, allowed=(*PROFILE.allowed, AllowedPair("shop", "elsewhere")))
    verdict = judged("isolation.reachability", profile=profile)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "shop -> elsewhere" in verdict.report()


def test_the_matrix_shows_wrong_cells_in_brackets_and_unseen_ones_as_questions():
    change = both(
        changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
        without("reach", source="ledger"),
    )
    matrix = judged("isolation.reachability", change).evidence[0]
    assert matrix.message.splitlines() == [
        "           shop    ledger",
        "shop         -        .",
        "ledger       ?        -",
        "stranger     X       [.]",
    ]


def test_failures_close_together_are_one_disruption_with_the_pods_that_were_going():
    change = changed("request", {"connection": "new"}, status=503)
    early = both(
        changed("request", {"connection": "new", "intended": 1014.0}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "new", "intended": 1014.5}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "reused", "intended": 1020.0}, status=502, pod="shop-b"),
    )
    assert judged("rollout.no-loss", change).because == "60 of 120 failed"
    facts = [fact.message for fact in judged("rollout.no-loss", early).evidence if fact.message[0].isdigit()][:2]
    going = "shop-a (deleted at 7.0 s), shop-b (deleted at 13.0 s)"
    assert facts == [
        f"14.0 s to 14.5 s   2 x {TRANSPORT} in dial (new)   {going}",
        "20.0 s to 20.0 s   1 x status 502, should be 200 (reused)   shop-b (deleted at 13.0 s)",
    ]


def test_what_the_profile_allows_to_fail_is_no_loss_and_one_more_is():
    one = changed("request", {"connection": "new", "intended": 1014.0}, status=503)
    allowed = replace(PROFILE, levels=(replace(PROFILE.levels[0], loss=1 / 120),))
    verdict = judged("rollout.no-loss", one, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.PASS, "1 of 120 failed, 0.83% are allowed")
    two = both(one, changed("request", {"connection": "reused", "intended": 1015.0}, status=503))
    verdict = judged("rollout.no-loss", two, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.FAIL, "2 of 120 failed, 0.83% are allowed")


def test_what_came_before_the_rollout_is_not_its_pace():
    (_, kind, fields) = h.request(1.0, "new", seconds=9.0)
    before = both(without("request", connection="new", intended=1001.0), plus((10.0, kind, fields)))
    assert judged("rollout.in-time", before).passed


def test_without_a_level_nothing_is_promised_and_no_request_may_fail():
    bare = replace(PROFILE, levels=())
    assert judged("rollout.in-time", profile=bare).outcome is Outcome.UNKNOWN
    one = changed("request", {"connection": "new", "intended": 1014.0}, status=503)
    assert judged("rollout.no-loss", one, profile=bare).because == "1 of 120 failed"


def test_a_new_pod_that_was_seen_before_the_marker_is_not_an_old_one():
    assert judged("rollout.no-loss", plus(h.pod(1.9, "c", ready=False))).passed


def test_judges_read_the_timeline_of_the_autoscaler_into_the_reason():
    assert judged("scaling.up").because == "2 -> 3 at 19.0 s -> 4 at 80.0 s; 3,000 requests, 0.1% failed"
