"""Routes of the Gateway API: what they send to, what they hang on, and who may cross namespaces."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import ROUTE, Twin, both, by_gateway, edit, intended, proof, with_objects, without

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
BACKEND, PARENT = "spec.rules[0].backendRefs[0]", "spec.parentRefs[0]"
HERE = {"name": "microservices"}
HTTP = {"name": "http", "protocol": "HTTP", "port": 80}
MIRROR = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "shadow", "port": 80}}}
GRANT = {
    "apiVersion": "gateway.networking.k8s.io/v1beta1",
    "kind": "ReferenceGrant",
    "metadata": {"name": "in", "namespace": "other"},
    "spec": {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "microservices"}],
        "to": [{"group": "", "kind": "Service", "name": "theirs"}],
    },
}

TWINS = {
    "static.route-backends": Twin(
        both(by_gateway, edit(ROUTE, "spec.rules[0].backendRefs[0].port", 5001)),
        ROUTE,
        "spec.rules[0].backendRefs[0].port",
        holds=by_gateway,
    ),
    "static.route-parents": Twin(
        both(by_gateway, edit(ROUTE, "spec.parentRefs[0].sectionName", "https")),
        ROUTE,
        "spec.parentRefs[0]",
        holds=by_gateway,
    ),
}


def other(kind, name, **spec):
    """An object of another namespace."""
    group = "v1" if kind == "Service" else "gateway.networking.k8s.io/v1"
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "other"}, "spec": spec}


def led(rule, *changes):
    """The verdict of a rule on our system behind a Gateway, changed."""
    return proof(rule, by_gateway, *changes).verdict


THEIRS = other("Service", "theirs", ports=[{"port": 80}])


@pytest.mark.parametrize(
    ("ref", "added", "expected", "words"),
    [
        ({"name": "microservice-1", "port": 5000}, (), PASS, ""),
        ({"name": "microservice-1"}, (), FAIL, "nothing, wanted one of the Service's ports 5000"),
        ({"name": "gone", "port": 80}, (), FAIL, "wanted Service/gone in namespace microservices"),
        ({"name": "bucket", "kind": "Bucket", "group": "store.example.org"}, (), PASS, ""),
        ({"name": "theirs", "namespace": "other", "port": 80}, (THEIRS,), FAIL, "no such grant"),
        ({"name": "theirs", "namespace": "other", "port": 80}, (THEIRS, GRANT), PASS, ""),
        ({"name": "else", "namespace": "other", "port": 80}, (THEIRS, GRANT), FAIL, "2 of 3"),
        ({"name": "theirs", "namespace": "other", "port": 80}, (), UNKNOWN, "2 of 3"),
        ({"name": "microservice-1", "port": 5000, "filters": [MIRROR]}, (), FAIL, "Service/shadow"),
    ],
)
def test_a_backend_is_a_service_with_that_port_and_of_another_namespace_only_by_a_grant(ref, added, expected, words):
    verdict = led("static.route-backends", edit(ROUTE, BACKEND, ref), with_objects(*added))
    assert (verdict.outcome, words in verdict.because) == (expected, True), verdict.report()


@pytest.mark.parametrize(
    ("parent", "added", "expected", "words"),
    [
        (HERE, (), PASS, ""),
        (HERE | {"sectionName": "http", "port": 80}, (), PASS, ""),
        (HERE | {"port": 443}, (), FAIL, "http on port 80 is not the one that is named"),
        ({"name": "gone"}, (), FAIL, "no Gateway/gone among the manifests"),
        ({"name": "edge", "namespace": "infra"}, (), UNKNOWN, "nothing of namespace infra is among the manifests"),
        ({"name": "shop", "kind": "Service", "group": ""}, (), PASS, ""),
    ],
)
def test_a_parent_is_a_gateway_that_is_there_with_the_listener_that_is_named(parent, added, expected, words):
    verdict = led("static.route-parents", edit(ROUTE, PARENT, parent), with_objects(*added))
    assert (verdict.outcome, words in verdict.because) == (expected, True), verdict.report()


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        ({}, FAIL),
        ({"allowedRoutes": {"namespaces": {"from": "All"}}}, PASS),
        ({"allowedRoutes": {"namespaces": {"from": "None"}}}, FAIL),
        ({"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"no": "such"}}}}}, FAIL),
        (
            {
                "allowedRoutes": {
                    "namespaces": {
                        "from": "Selector",
                        "selector": {"matchLabels": {"kubernetes.io/metadata.name": "microservices"}},
                    }
                }
            },
            PASS,
        ),
    ],
)
def test_a_listener_says_of_which_namespaces_it_takes_routes(listener, expected):
    edge = other("Gateway", "edge", gatewayClassName="c", listeners=[HTTP | listener])
    hung = edit(ROUTE, PARENT, {"name": "edge", "namespace": "other"})
    assert led("static.route-parents", hung, with_objects(edge)).outcome is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("items.example.com", PASS),
        ("*.example.com", PASS),
        ("example.com", FAIL),
        ("*.items.example.com", FAIL),
    ],
)
def test_listener_and_route_must_have_a_host_in_common(host, expected):
    listener = edit("Gateway/microservices", "spec.listeners[0].hostname", host)
    verdict = led("static.route-parents", listener, without("HTTPRoute/microservice-2"))
    assert verdict.outcome is expected
    if expected is FAIL:
        assert f"http is for {host}, not for items.example.com" in verdict.because


def test_a_listener_for_namespaces_of_unknown_labels_cannot_be_told():
    selector = {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}
    edge = other("Gateway", "edge", listeners=[HTTP | {"allowedRoutes": {"namespaces": selector}}])
    hung = edit(ROUTE, PARENT, {"name": "edge", "namespace": "other"})
    unlabelled = without("Namespace/microservices")
    verdict = led("static.route-parents", hung, with_objects(edge), unlabelled)
    assert verdict.outcome is UNKNOWN
    assert "nothing says whether namespace microservices has the label team" in verdict.because


@pytest.mark.parametrize(
    ("rule", "change", "named"),
    [
        ("static.route-backends", edit(ROUTE, BACKEND, {"name": "their", "port": 80}), "Service/their"),
        ("static.route-parents", edit(ROUTE, PARENT, {"name": "edge", "namespace": "infra"}), "Gateway/edge"),
    ],
)
def test_what_somebody_else_makes_is_named_in_the_profile(rule, change, named):
    assert led(rule, change).outcome is not PASS
    assert led(rule, change, intended("provided = [", f'provided = ["{named}", ')).outcome is PASS


def test_a_route_that_hangs_on_nothing_leads_nobody_in():
    verdict = led("static.route-parents", edit(ROUTE, "spec.parentRefs", []))
    assert verdict.outcome is FAIL


def test_routes_of_other_protocols_are_read_alike():
    tcp = {
        "apiVersion": "gateway.networking.k8s.io/v1alpha2",
        "kind": "TCPRoute",
        "metadata": {"name": "sql"},
        "spec": {"parentRefs": [HERE], "rules": [{"backendRefs": [{"name": "postgres", "port": 5433}]}]},
    }
    verdict = led("static.route-backends", with_objects(tcp))
    assert verdict.because.startswith("TCPRoute/sql spec.rules[0].backendRefs[0].port: ports 5432")
