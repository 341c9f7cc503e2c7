"""ingress.routes and gateway.routes on histories: who answered, who should have, and what tells nothing."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from kubeproof.checks.routes import GATEWAY_ROUTES, INGRESS_ROUTES
from kubeproof.manifests.routes import asked_host
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    MISSED,
    TRANSPORT,
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    endpoints,
    judging,
    lines,
    marker,
    moved,
    plus,
    pod,
    without,
)
from tests.helpers.shop import PROFILE, SYSTEM

CHECKS = {INGRESS_ROUTES: "Ingress", GATEWAY_ROUTES: "HTTPRoute"}
HOST = "shop.example"
NO_CONTROLLER = "the cluster has no IngressClass nginx"


ROUNDS = 2
BEYOND = "/kubeproof-nowhere"


def entrance(owner: str, address: str | None = "10.2.0.1", words: str = "") -> Moment:
    return 0.0, "entrance", {"owner": owner, "namespace": "run", "address": address, "port": 80, "says": words}


def route(t: float, owner: str, host: str, path: str, status: int | None, pod: str | None, **fields: Any) -> Moment:
    known = {
        "owner": owner,
        "host": host,
        "asked": asked_host(host, "run"),
        "path": path,
        "method": "GET",
        "body": None,
    }
    known |= {"address": "10.2.0.1", "port": 80, "status": status, "pod": pod, "location": None, "error": None}
    return t, "route", {**known, "round": 0, "seconds": 0.01, **fields}


def front(kind: str) -> History:
    owner = f"{kind}/front"
    said = {
        "settled": True,
        "unsettled": [],
        "attempts": 3,
        "seconds": 0.2,
        "before": f"shop.example{BEYOND}: 503 by no pod",
    }
    history = [
        endpoints(0, "shop-a", "shop-b"),
        pod(0, "a"),
        pod(0, "b"),
        entrance(owner),
        marker(1, "path settled", at=kind, **said),
    ]
    for number in range(ROUNDS):
        t = 2.0 + number
        history += [
            marker(t, "round begun", at=kind, round=number),
            route(t + 0.5, owner, "shop.example", "/", 200, "shop-a", round=number),
            route(t + 0.5, owner, "shop.example", BEYOND, 404, "shop-b", round=number),
            route(t + 0.5, owner, "any other host", BEYOND, 404, None, round=number),
        ]
    return history


HISTORIES = {"ingress": lambda: front("Ingress"), "gateway": lambda: front("HTTPRoute")}
on_history = judging(HISTORIES)
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


def judged(check=INGRESS_ROUTES, host=HOST, *, change=lambda _: None, kinds=("route",), profile=PROFILE):
    """The verdict on a host after `change` was made to each line of the kinds; a line it gives False for is lost."""
    history = []
    for t, line_kind, data in front(CHECKS[check]):
        data = dict(data)
        if line_kind not in kinds or change(data) is not False:
            history.append((t, line_kind, data))
    return check.verdict(SYSTEM, profile, host, lines("front", history))


def answer(path, **fields):
    return lambda data: data.update(fields) if data["path"] == path else None


here = partial(changed, "route", {"path": "/"})
beyond = partial(changed, "route", {"path": BEYOND, "host": HOST})
BROKEN = {
    f"{check.name}: {name}": (check, change, reason)
    for check in CHECKS
    for name, (change, reason) in {
        "answered by no pod": (
            here(status=503, pod=None),
            "GET shop.example/: 503, by no pod, should be by a pod behind shop",
        ),
        "a pod of another service": (beyond(pod="ledger-l"), "by ledger-l, should be by a pod behind shop"),
        # 500 is no answer, not where it was declared and not beside it.
        "an error of the right pod": (here(status=500), "GET shop.example/: 500 by shop-a, should be an answer"),
        "an error beside it": (beyond(status=502), f"GET shop.example{BEYOND}: 502 by shop-b, should be an answer"),
        "an error in the last round": (
            changed("route", {"path": "/", "round": 1}, status=503),
            "GET shop.example/: 503 by shop-a, should be 200 by a pod of shop",
        ),
        "not what the profile says": (here(status=404), "404 by shop-a, should be 200 by a pod of shop"),
        "lost in one round": (changed("route", {"path": "/", "round": 1}, status=None, error=TRANSPORT), TRANSPORT),
    }.items()
}
MISSING = {
    f"{check.name}: {name}": (check, change, reason)
    for check in CHECKS
    for name, (change, reason) in {
        "no controller": (changed("entrance", {}, address=None, says=NO_CONTROLLER), NO_CONTROLLER),
        "no entrance": (without("entrance"), "was not tried"),
        "an entrance that was found later": (moved(5.0, "entrance"), "was not tried"),
        "no endpoints": (without("endpoints"), "no ready pod was seen behind shop"),
        "one pod of two": (without("pod", uid="b"), "1 of 2 pods of shop were Ready"),
        "not observed": (here(status=None, error=MISSED), MISSED),
        "a redirect to https": (here(status=308, location="https://shop.example/"), "where no request was made"),
        # Who was behind the Service yesterday, or will be tomorrow, is nobody that should answer now.
        "behind it only before": (
            both(without("endpoints"), plus(endpoints(0, "shop-a", "shop-b"), endpoints(1.5, "shop-b"))),
            "GET shop.example/: 200 by shop-a, which was behind shop at another time",
        ),
        "behind it only afterwards": (
            both(without("endpoints"), plus(endpoints(0, "shop-b"), endpoints(3.7, "shop-a", "shop-b"))),
            "which was behind shop at another time",
        ),
        "a pod that was gone": (plus(pod(1.5, "a", gone=True), pod(1.6, "c")), "which was there at another time"),
        "another host was asked": (here(asked="shop.example"), "GET shop.example/ under shop.example at 10.2.0.1"),
        "another address was asked": (here(address="10.2.0.2"), "was not tried"),
        "another port was asked": (here(port=8080), "was not tried"),
        "another path was asked": (here(path="/x"), "nobody declares GET shop.example/x"),
        "another method was asked": (here(method="HEAD"), "nobody declares HEAD shop.example/"),
        "a body that nobody declares": (here(body={"id": 1}), "nobody declares GET shop.example/"),
        "one was asked elsewhere": (
            changed("route", {"path": "/", "round": 1}, address="10.2.0.2"),
            "every request went as it is declared to where its controller listens: nobody declares GET",
        ),
        "one round": (
            both(without("route", round=1), without("marker", round=1)),
            "each request was made in every round of several: rounds that were seen: 1",
        ),
        "no rounds": (without("marker", says="round begun"), "rounds that were seen: 0"),
        "one request in one round": (
            without("route", round=1, path="/"),
            "GET shop.example/ was not seen once in each",
        ),
        "twice in one round": (changed("route", {"path": "/", "round": 1}, round=0), "was not seen once in each"),
        "before its round": (moved(2.7, "route", path="/", round=1), "was not seen once in each"),
        "never settled": (changed("marker", {"says": "path settled"}, settled=False), "503 by no pod"),
        "never settled for this host": (
            changed("marker", {"says": "path settled"}, settled=False, unsettled=[HOST, "other.example"]),
            "the rules were followed before they were judged: they were not",
        ),
        "nobody looked": (without("marker", says="path settled"), "nobody looked before the first round"),
        "looked too late": (moved(2.2, "marker", says="path settled"), "nobody looked before the first round"),
        "nobody said who he is": (
            changed("route", {}, pod=None, status=200),
            "in every round the same entrance led somebody to a pod: there was a round in which no pod answered",
        ),
        "one is not Ready in the end": (
            plus(pod(3.8, "b", ready=False)),
            "what stands behind was all Ready in the end: 1 of 2 pods of shop were Ready",
        ),
        "one is gone in the end": (plus(pod(3.8, "b", gone=True)), "1 of 2 pods of shop were Ready"),
        "nobody is behind it in the end": (plus(endpoints(3.8)), "shop had no ready endpoint"),
    }.items()
}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(on_history(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(on_history(check, change), reason)


@every_check
def test_what_is_declared_answers(check):
    verdict = judged(check)
    assert verdict.passed, verdict.report()
    assert verdict.because == "requests answered as declared: 3"
    assert judged(check, "any other host").passed


def test_rules_that_lead_astray_by_declaration_break_the_profiles_entry():
    """The Ingress says shop and shop answers, but the architecture has the ledger there."""
    profile = replace(PROFILE, entries=(replace(PROFILE.entries[0], workload="ledger"),))
    verdict = judged(profile=profile)
    assert verdict.outcome is Outcome.FAIL
    assert "should be 200 by a pod of ledger" in verdict.because


def test_the_status_of_an_entry_is_the_profiles():
    verdict = judged(change=answer("/", status=500))
    assert verdict.outcome is Outcome.FAIL
    assert "GET shop.example/: 500 by shop-a, should be 200" in verdict.because


def test_an_entry_under_a_host_that_nobody_routes_is_broken_by_declaration():
    profile = replace(PROFILE, entries=(replace(PROFILE.entries[0], host="lost.example"),))
    assert "lost.example" in {planned.subject for planned in INGRESS_ROUTES.planned(SYSTEM, profile)}
    verdict = judged(host="lost.example", profile=profile)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence[0].line is None


@pytest.mark.parametrize("host", ["*.example", None])
def test_an_entry_that_a_rule_for_more_hosts_may_take_cannot_be_judged(host):
    document = deepcopy(SYSTEM.documents[0])
    document["spec"]["rules"][0]["host"] = host
    profile = replace(PROFILE, entries=(replace(PROFILE.entries[0], host="lost.example"),))
    verdict = INGRESS_ROUTES.verdict(replace(SYSTEM, documents=(document,)), profile, "lost.example", ())
    assert verdict.outcome is Outcome.UNKNOWN
    assert f"Ingress/front may take it as {host or 'any host'}, which was not tried" in verdict.because


@pytest.mark.parametrize(("status", "pod"), [(200, "shop-a"), (200, None), (503, None), (404, "shop-a")])
def test_another_host_must_be_404_by_nobody(status, pod):
    verdict = judged(host="any other host", change=answer("/kubeproof-nowhere", status=status, pod=pod))
    # An answer that hides its pod cannot be told from a proxy's.
    assert verdict.outcome is (Outcome.UNKNOWN if (status, pod) == (200, None) else Outcome.FAIL)


def test_nobody_who_answers_is_unknown_and_one_lost_answer_is_not():
    silent = judged(change=lambda data: data.update(status=None, pod=None, error="OSError: refused"))
    assert silent.outcome is Outcome.UNKNOWN
    assert "nobody answers at 10.2.0.1: OSError: refused" in silent.because
    one = judged(change=answer("/", status=None, pod=None, error="TimeoutError: timed out"))
    assert one.outcome is Outcome.FAIL


def test_a_probe_that_failed_tells_nothing():
    verdict = judged(change=answer("/", status=None, error="not observed: exec in visitor/probe: exit 1"))
    assert verdict.outcome is Outcome.UNKNOWN


def test_a_system_that_does_not_name_its_pods_cannot_be_judged():
    verdict = judged(change=lambda data: data.update(pod=None))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "X-Pod" in verdict.because


def test_a_redirect_to_https_was_not_followed():
    verdict = judged(change=answer("/", status=308, pod=None, location="https://shop.example/"))
    assert verdict.outcome is Outcome.UNKNOWN


def test_a_request_that_was_not_made_is_unknown_and_does_not_hide_a_broken_one():
    missing = judged(change=lambda data: data["path"] != "/")
    assert missing.outcome is Outcome.UNKNOWN
    assert "GET shop.example/ was not tried" in missing.because
    assert judged(change=lambda data: data["path"] != "/" and data.update(pod=None)).outcome is Outcome.FAIL


def test_a_rule_that_no_plain_get_shows_is_named():
    document = {
        "kind": "Ingress",
        "metadata": {"name": "front"},
        "spec": {
            "rules": [
                {
                    "host": HOST,
                    "http": {
                        "paths": [
                            {
                                "path": "/.*",
                                "pathType": "ImplementationSpecific",
                                "backend": {"service": {"name": "shop"}},
                            }
                        ]
                    },
                }
            ]
        },
    }
    verdict = INGRESS_ROUTES.verdict(replace(SYSTEM, documents=(document,)), replace(PROFILE, entries=()), HOST, ())
    assert verdict.outcome is Outcome.UNKNOWN
    assert "/.* was not tried" in verdict.because


def test_a_status_of_its_own_path_that_nobody_promised_tells_nothing():
    for status, expected in ((404, Outcome.UNKNOWN), (401, Outcome.UNKNOWN), (302, Outcome.PASS), (204, Outcome.PASS)):
        verdict = judged(change=answer("/", status=status), profile=replace(PROFILE, entries=()))
        assert verdict.outcome is expected, verdict.report()


def test_a_status_that_the_profile_promises_is_right():
    teapot = replace(PROFILE, entries=(replace(PROFILE.entries[0], expect=418),))
    verdict = judged(change=answer("/", status=418), profile=teapot)
    assert verdict.passed, verdict.report()


@every_check
def test_an_entry_that_is_no_get_is_asked_as_it_is(check):
    entry = replace(PROFILE.entries[0], path="/things", method="POST", body={"name": "cup"}, expect=201)
    profile = replace(PROFILE, entries=(entry,))
    assert "POST shop.example/things was not tried" in judged(check, profile=profile).because
    sent = {"method": "POST", "body": {"name": "cup"}}
    for fields, expected in (
        (sent, Outcome.PASS),
        ({**sent, "body": {"name": "pot"}}, Outcome.UNKNOWN),
        ({**sent, "method": "GET"}, Outcome.UNKNOWN),
    ):
        asked = [
            route(2.6 + n, f"{CHECKS[check]}/front", HOST, "/things", 201, "shop-a", round=n, **fields)
            for n in range(ROUNDS)
        ]
        verdict = check.verdict(SYSTEM, profile, HOST, lines("front", plus(*asked)(front(CHECKS[check]))))
        assert verdict.outcome is expected, verdict.report()


@every_check
def test_a_404_to_another_host_means_nothing_where_nobody_is_reached(check):
    """A proxy that never heard of these rules says 404 to everybody."""
    verdict = judged(check, "any other host", change=lambda data: data.update(status=404, pod=None))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "the same entrance led somebody to a pod: there was a round in which no pod answered" in verdict.because


@every_check
def test_another_host_that_never_settles_is_no_doubt_about_this_one(check):
    verdict = judged(
        check, change=lambda data: data.update(settled=False, unsettled=["other.example"]), kinds=("marker",)
    )
    assert verdict.passed, verdict.report()
