"""ingress.routes and gateway.routes on histories: who answered, who should have, and what tells nothing."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from kubeproof.checks.routes import GATEWAY_ROUTES, INGRESS_ROUTES
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    History,
    Moment,
    assert_broken,
    assert_unknown,
    cases,
    changed,
    endpoints,
    judging,
    lines,
    pod,
    without,
)
from tests.helpers.shop import PROFILE, SYSTEM

CHECKS = {INGRESS_ROUTES: "Ingress", GATEWAY_ROUTES: "HTTPRoute"}
HOST = "shop.example"
NO_CONTROLLER = "the cluster has no IngressClass nginx"


def entrance(owner: str, address: str | None = "10.2.0.1", words: str = "") -> Moment:
    return 0.0, "entrance", {"owner": owner, "address": address, "port": 80, "says": words}


def route(t: float, owner: str, host: str, path: str, status: int | None, pod: str | None, **fields: Any) -> Moment:
    known = {"owner": owner, "host": host, "asked": host, "path": path, "address": "10.2.0.1", "port": 80}
    known |= {"status": status, "pod": pod, "location": None, "error": None, "seconds": 0.01}
    return t, "route", {**known, **fields}


def front(kind: str) -> History:
    owner = f"{kind}/front"
    return [
        endpoints(0, "shop-a", "shop-b"),
        pod(0, "a"),
        pod(0, "b"),
        entrance(owner),
        route(1, owner, "shop.example", "/", 200, "shop-a"),
        route(1, owner, "shop.example", "/kubeproof-nowhere", 404, "shop-b"),
        route(1, owner, "any other host", "/kubeproof-nowhere", 404, None),
    ]


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


BROKEN = {
    f"{check.name}: {name}": (check, change, reason)
    for check in CHECKS
    for name, (change, reason) in {
        "answered by no pod": (
            changed("route", {"path": "/"}, status=503, pod=None),
            "GET shop.example/: 503, by no pod, should be by a pod behind shop",
        ),
        "a pod of another service": (
            changed("route", {"path": "/kubeproof-nowhere"}, pod="ledger-l"),
            "by ledger-l, should be by a pod behind shop",
        ),
    }.items()
}
MISSING = {
    f"{check.name}: {name}": (check, change, reason)
    for check in CHECKS
    for name, (change, reason) in {
        "no controller": (changed("entrance", {}, address=None, says=NO_CONTROLLER), NO_CONTROLLER),
        "no endpoints": (without("endpoints"), "no ready pod was seen behind shop"),
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
