"""Rules of Ingress and HTTPRoute objects read alike, what is asked to show them, and where it must end up."""

import pytest
import yaml

from kubeproof.manifests.renaming import rename
from kubeproof.manifests.routes import (
    ANY_HOST,
    HTTP_ROUTE,
    INGRESS,
    NOWHERE,
    OTHER_HOST,
    Request,
    RouteRule,
    asked_host,
    destination,
    hosts,
    own_host,
    read_rules,
    requests,
)

INGRESSES = """
kind: Ingress
metadata: {name: front}
spec:
  tls: [{hosts: [shop.example], secretName: certificate}]
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /things, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}
      - {path: /things/new, pathType: Exact, backend: {service: {name: maker, port: {name: http}}}}
  - host: files.example
    http: {paths: [{path: /, pathType: Prefix, backend: {resource: {kind: Bucket, name: files}}}]}
---
kind: Ingress
apiVersion: networking.internal.knative.dev/v1alpha1
metadata: {name: another-kind}
spec: {rules: [{hosts: [shop.example], http: {paths: [{splits: []}]}}]}
"""
ROUTES = """
kind: Gateway
metadata: {name: door, namespace: market}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80, hostname: "*.example"}]}
---
kind: HTTPRoute
metadata: {name: front, namespace: market}
spec:
  parentRefs: [{name: door, namespace: market}, {name: shared, namespace: gateways}]
  hostnames: [shop.example]
  rules:
  - matches: [{path: {type: PathPrefix, value: /things}}, {path: {value: /things}, method: POST}]
    backendRefs: [{name: shop, port: 80, weight: 9}, {name: canary, port: 80}, {name: old, port: 80, weight: 0}]
  - matches: [{path: {type: Exact, value: /things/new}}]
    backendRefs: [{name: maker, port: 80}]
"""
SHOP = RouteRule("Ingress/front", "shop.example", "/things", "Prefix", ("shop",))
MAKER = RouteRule("Ingress/front", "shop.example", "/things/new", "Exact", ("maker",))
ANYBODY = RouteRule("Ingress/rest", ANY_HOST, "/", "Prefix", ("rest",))


def read(text, kind):
    return read_rules(yaml.safe_load_all(text), kind)


def test_an_ingress_gives_a_rule_for_each_host_and_path():
    *known, files = read(INGRESSES, INGRESS)
    assert known == [SHOP, MAKER]
    assert (files.services, files.unseen) == ((), "its backend is no Service")


def test_a_route_gives_its_services_by_weight_and_says_what_no_plain_get_shows():
    prefix, post, exact = read(ROUTES, HTTP_ROUTE)
    assert prefix == RouteRule("HTTPRoute/front", "shop.example", "/things", "Prefix", ("shop", "canary"))
    assert post.unseen == "it matches by method"
    assert (exact.match, exact.services) == ("Exact", ("maker",))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{matches: [{path: {type: RegularExpression, value: '/.*'}}], backendRefs: [{name: shop}]}", "of type"),
        ("{matches: [{headers: [{name: a, value: b}], queryParams: [{name: c}]}]}", "by headers and queryParams"),
        ("{filters: [{type: RequestRedirect}]}", "it redirects"),
        ("{backendRefs: []}", "it names no Service"),
    ],
)
def test_what_a_plain_get_cannot_show_is_said(rule, reason):
    (found,) = read(f"{{kind: HTTPRoute, metadata: {{name: x}}, spec: {{rules: [{rule}]}}}}", HTTP_ROUTE)
    assert reason in found.unseen
    assert found.host == ANY_HOST


def test_a_default_backend_is_a_rule_for_any_host():
    text = "{kind: Ingress, metadata: {name: rest}, spec: {defaultBackend: {service: {name: rest}}}}"
    assert read(text, INGRESS) == (ANYBODY,)


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("/things", ("shop",)),
        ("/things/", ("shop",)),
        ("/things/7", ("shop",)),
        ("/things/new", ("maker",)),
        ("/things/new/", ("shop",)),
        ("/thingsabc", ()),
        ("/", ()),
    ],
)
def test_the_exact_path_wins_then_the_longest_prefix_by_whole_elements(path, services):
    assert destination((SHOP, MAKER), "shop.example", path) == services


def test_rules_of_equal_rank_may_both_answer():
    other = RouteRule("Ingress/second", "shop.example", "/things/", "Prefix", ("shop", "copy"))
    assert destination((SHOP, other), "shop.example", "/things") == ("shop", "copy")


def test_whether_any_host_includes_a_named_one_is_left_open():
    assert destination((SHOP, ANYBODY), "shop.example", "/elsewhere") is None
    assert destination((SHOP, ANYBODY), ANY_HOST, "/elsewhere") == ("rest",)


def test_whether_a_wildcard_takes_what_a_named_host_does_not_is_left_open():
    wild = RouteRule("Ingress/rest", "*.example", "/", "Prefix", ("rest",))
    assert destination((SHOP, wild), "shop.example", "/elsewhere") is None
    assert destination((SHOP, wild), "*.example", "/elsewhere") == ("rest",)
    other = RouteRule("Ingress/rest", "*.elsewhere", "/", "Prefix", ("rest",))
    assert destination((SHOP, other), "shop.example", "/elsewhere") == ()


def test_of_hosts_with_a_wildcard_one_is_asked():
    assert asked_host("*.example", "run-1") == "any.run-1.example"
    assert asked_host("shop.example", "run-1") == "shop.run-1.example"


def test_each_rule_is_asked_for_below_beside_and_elsewhere():
    wanted = {
        "/things": ("shop",),
        f"/things/{NOWHERE}": ("shop",),
        f"/things{NOWHERE}": (),
        f"/{NOWHERE}": (),
        "/things/new": ("maker",),
        f"/things/new{NOWHERE}": ("shop",),
    }
    assert {request.path: request.services for request in requests((SHOP, MAKER), "shop.example")} == wanted


def test_beside_a_rule_that_may_match_anything_only_what_is_certain_is_asked():
    pattern = RouteRule("Ingress/front", "shop.example", "/.*", "Pattern", ("shop",), "it is a pattern")
    assert [request.path for request in requests((MAKER, pattern), "shop.example")] == ["/things/new"]


def test_another_host_is_asked_for_unless_a_rule_is_for_any():
    assert hosts((SHOP, MAKER)) == ("shop.example", OTHER_HOST)
    assert requests((SHOP, MAKER), OTHER_HOST) == (Request("Ingress/front", OTHER_HOST, f"/{NOWHERE}", ()),)
    assert hosts((SHOP, ANYBODY)) == ("shop.example", ANY_HOST)
    assert hosts(()) == ()


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("shop.example", "shop.run-1.example"),
        ("*.example", "*.run-1.example"),
        ("localhost", "localhost.run-1"),
        (ANY_HOST, "any.run-1.test"),
        (OTHER_HOST, "other.run-1.test"),
    ],
)
def test_a_copy_has_hosts_of_its_own(host, own):
    assert own_host(host, "run-1") == own


def test_renaming_gives_an_ingress_hosts_that_nobody_else_has():
    text = INGRESSES.replace("rules:", "defaultBackend: {service: {name: rest}}\n  rules:", 1)
    (moved,) = (document["spec"] for document in rename(yaml.safe_load_all(text), "run-1") if "tls" in document["spec"])
    assert [rule["host"] for rule in moved["rules"]] == ["shop.run-1.example", "files.run-1.example", "any.run-1.test"]
    assert moved["tls"][0]["hosts"] == ["shop.run-1.example"]
    assert "defaultBackend" not in moved


def test_renaming_moves_a_route_with_its_gateway_but_not_to_the_gateways_of_others():
    spec = "{template: {spec: {containers: [{name: x}]}}}"
    workload = f"{{kind: Deployment, metadata: {{name: x, namespace: market}}, spec: {spec}}}"
    moved = {
        document["kind"]: document for document in rename(yaml.safe_load_all(f"{workload}\n---\n{ROUTES}"), "run-1")
    }
    route = moved["HTTPRoute"]["spec"]
    assert route["hostnames"] == ["shop.run-1.example"]
    assert [parent["namespace"] for parent in route["parentRefs"]] == ["run-1", "gateways"]
    assert moved["Gateway"]["spec"]["listeners"][0]["hostname"] == "*.run-1.example"
