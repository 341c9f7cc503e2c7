"""ingress.routes and gateway.routes on histories: who answered, who should have, and what tells nothing."""

from copy import deepcopy
from dataclasses import replace

import pytest

from kubeproof.checks.catalogue import LIVE, live_plan
from kubeproof.verdict import Outcome
from tests.kubeproof.checks import histories as h
from tests.kubeproof.checks.histories import PROFILE, SYSTEM

CHECKS = {"ingress.routes": ("ingress", "Ingress"), "gateway.routes": ("gateway", "HTTPRoute")}
HOST = "shop.example"
each_check = pytest.mark.parametrize("check", CHECKS)


def judged(check="ingress.routes", host=HOST, *, change=lambda _: None, kinds=("route",), profile=PROFILE):
    """The verdict on the history in which all holds, after `change` was made to each line of the kinds."""
    of, kind = CHECKS[check]
    history = []
    for t, line_kind, data in h.front(kind):
        data = dict(data)
        if line_kind not in kinds or change(data) is not False:
            history.append((t, line_kind, data))
    return LIVE[check].judge(SYSTEM, profile, host, h.lines(of, history))


def answer(path, **fields):
    return lambda data: data.update(fields) if data["path"] == path else None


@each_check
def test_what_is_declared_answers(check):
    verdict = judged(check)
    assert verdict.passed, verdict.report()
    assert verdict.because == "requests answered as declared: 3"
    assert judged(check, "any other host").passed


@each_check
def test_an_answer_by_no_pod_is_the_proxys_own(check):
    verdict = judged(check, change=answer("/", status=503, pod=None))
    assert verdict.outcome is Outcome.FAIL
    assert "GET shop.example/: 503, by no pod, should be by a pod behind shop" in verdict.because


@each_check
def test_a_pod_of_another_service_is_the_wrong_one(check):
    verdict = judged(check, change=answer("/kubeproof-nowhere", pod="ledger-l"))
    assert verdict.outcome is Outcome.FAIL
    assert "by ledger-l, should be by a pod behind shop" in verdict.because


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
    assert ("ingress.routes", "lost.example") in {(e.check, e.subject) for e in live_plan(SYSTEM, profile)}
    verdict = judged(host="lost.example", profile=profile)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence[0].line is None


@pytest.mark.parametrize("host", ["*.example", None])
def test_an_entry_that_a_rule_for_more_hosts_may_take_cannot_be_judged(host):
    document = deepcopy(SYSTEM.documents[0])
    document["spec"]["rules"][0]["host"] = host
    profile = replace(PROFILE, entries=(replace(PROFILE.entries[0], host="lost.example"),))
    verdict = LIVE["ingress.routes"].judge(replace(SYSTEM, documents=(document,)), profile, "lost.example", ())
    assert verdict.outcome is Outcome.UNKNOWN
    assert f"Ingress/front may take it as {host or 'any host'}, which was not tried" in verdict.because


@pytest.mark.parametrize(("status", "pod"), [(200, "shop-a"), (200, None), (503, None), (404, "shop-a")])
def test_another_host_must_be_404_by_nobody(status, pod):
    verdict = judged(host="any other host", change=answer("/kubeproof-nowhere", status=status, pod=pod))
    # An answer that hides its pod cannot be told from a proxy's.
    assert verdict.outcome is (Outcome.UNKNOWN if (status, pod) == (200, None) else Outcome.FAIL)


@each_check
def test_no_controller_is_unknown_with_its_reason(check):
    says = "the cluster has no IngressClass nginx"
    verdict = judged(check, kinds=("entrance",), change=lambda data: data.update(address=None, says=says))
    assert verdict.outcome is Outcome.UNKNOWN
    assert says in verdict.because


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


def test_without_endpoints_nobody_knows_who_should_have_answered():
    assert judged(kinds=("endpoints",), change=lambda _: False).outcome is Outcome.UNKNOWN


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
    verdict = LIVE["ingress.routes"].judge(
        replace(SYSTEM, documents=(document,)), replace(PROFILE, entries=()), HOST, ()
    )
    assert verdict.outcome is Outcome.UNKNOWN
    assert "/.* was not tried" in verdict.because
