"""What manifests and profile do not tell is UNKNOWN with what would tell it, never a quiet pass."""

from copy import deepcopy

import pytest

from kubeproof.rules.catalogue import RULES
from kubeproof.rules.rule import prove
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import CONSUMER, GONE, MAIN, POD, SHOP, both, declared, edit, found, intended, without

BY_NAME = {rule.name: rule for rule in RULES}
DRAIN = '[[drains]]\nworkload = "microservice-1"\nlinger = 5\nin_flight = 25\n'
SLEEP = f"{MAIN}.lifecycle.preStop"


@pytest.mark.parametrize(
    ("rule", "change", "field"),
    [
        ("static.grace", intended(DRAIN, ""), f"{POD}.terminationGracePeriodSeconds"),
        ("static.grace", intended("linger = 5", 'linger = { env = "LINGER" }'), f"{POD}.terminationGracePeriodSeconds"),
        (
            "static.grace",
            edit(SHOP, SLEEP, {"exec": {"command": ["sh", "-c", "nginx -s quit"]}}),
            f"{POD}.terminationGracePeriodSeconds",
        ),
        ("static.memory-target", intended('idle_memory = "38Mi"', ""), "spec.metrics"),
        (
            "static.timeouts",
            intended("seconds = 1.5", 'seconds = { env = "STATEMENT" }'),
            "a request: statement",
        ),
        ("static.connections", intended("per_pod = 7", 'per_pod = { env = "POOL" }'), "connections"),
        ("static.configuration", without("Secret/database"), f"{MAIN}.env[0].valueFrom.secretKeyRef"),
        (
            "static.service-backends",
            edit("Service/postgres", "spec.ports[0].targetPort", 6432),
            "spec.ports[0].targetPort",
        ),
        ("static.probe-ports", edit(SHOP, f"{MAIN}.livenessProbe.httpGet.port", 8080), f"{MAIN}.livenessProbe"),
        ("static.quota", edit("ResourceQuota/microservices", "spec.scopes", ["BestEffort"]), "spec.scopes"),
        ("static.quota", edit("ResourceQuota/microservices", "spec.hard.pods", "many"), "spec.hard.pods"),
        (
            "static.disruption",
            edit("PodDisruptionBudget/microservice-1", "spec.minAvailable", GONE),
            "spec",
        ),
        ("static.no-loss", edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "none"), "spec.strategy"),
        ("static.ingress-backends", edit("Ingress/microservices", "spec.tls", [{"secretName": "cert"}]), "spec.tls[0]"),
    ],
)
def test_what_is_not_told_is_unknown_and_says_what_would_tell(rule, change, field):
    proof = prove(BY_NAME[rule], *declared(change))
    assert proof.verdict.outcome is Outcome.UNKNOWN, proof.verdict.report()
    unknown = [each for each in proof.findings if each.outcome is Outcome.UNKNOWN]
    assert any(each.field.startswith(field) for each in unknown)
    assert all(each.fix for each in unknown)


def test_how_many_nodes_a_daemon_runs_on_is_not_told():
    def daemon(documents, profile):
        made = deepcopy(found(documents, SHOP)) | {"kind": "DaemonSet"}
        made["metadata"]["name"] = "daemon"
        return [*documents, made], profile

    verdict = prove(BY_NAME["static.quota"], *declared(daemon)).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    too_little = both(daemon, edit("ResourceQuota/microservices", "spec.hard.pods", "3"))
    assert prove(BY_NAME["static.quota"], *declared(too_little)).verdict.outcome is Outcome.FAIL


def test_a_level_that_pod_security_does_not_know_is_no_level():
    """Without a level in the profile the namespace's label is what is wanted, misspelt or not."""
    label = 'metadata.labels."pod-security.kubernetes.io/enforce"'
    misspelt = both(edit("Namespace/microservices", label, "restrictd"), intended('pod_security = "restricted"', ""))
    verdict = prove(BY_NAME["static.pod-security"], *declared(misspelt)).verdict
    assert verdict.outcome is Outcome.FAIL
    assert "restrictd, wanted privileged, baseline, restricted" in verdict.because


def test_a_workload_that_selects_by_an_expression_is_matched_by_it():
    def selecting(operator):
        expression = {"key": "app", "operator": operator, "values": ["microservice-1"]}
        return edit(SHOP, "spec.selector", {"matchExpressions": [expression]})

    rule = BY_NAME["static.selectors"]
    assert prove(rule, *declared(selecting("In"))).verdict.outcome is Outcome.PASS
    assert prove(rule, *declared(selecting("NotIn"))).verdict.outcome is Outcome.FAIL


def test_a_break_outweighs_what_is_not_told():
    change = both(intended(DRAIN, ""), edit(CONSUMER, f"{POD}.terminationGracePeriodSeconds", 5))
    assert prove(BY_NAME["static.grace"], *declared(change)).verdict.outcome is Outcome.FAIL


def test_a_number_in_the_manifests_is_read_from_there():
    def longer(documents, profile):
        found(documents, "ConfigMap/microservice-1")["data"]["LINGER"] = "30"
        return documents, profile

    change = both(intended("linger = 5", 'linger = { env = "LINGER" }'), longer)
    proof = prove(BY_NAME["static.grace"], *declared(change))
    assert proof.verdict.outcome is Outcome.FAIL
    assert "linger 30" in proof.verdict.because


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_what_somebody_else_makes_is_named_in_the_profile(kind):
    def from_elsewhere(documents, profile):
        source = {f"{'secret' if kind == 'Secret' else 'configMap'}Ref": {"name": "theirs"}}
        found(documents, SHOP)["spec"]["template"]["spec"]["containers"][0]["envFrom"].append(source)
        return documents, profile

    rule = BY_NAME["static.configuration"]
    missing = Outcome.UNKNOWN if kind == "Secret" else Outcome.FAIL
    assert prove(rule, *declared(from_elsewhere)).verdict.outcome is missing
    named = both(from_elsewhere, intended("provided = [", f'provided = ["{kind}/theirs", '))
    assert prove(rule, *declared(named)).verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("resources", "verbs", "names", "broken"),
    [
        (["pods"], ["get", "list"], [], False),
        (["pods"], ["create"], [], True),
        (["pods/attach"], ["create"], [], True),
        (["secrets"], ["list"], [], True),
        (["secrets"], ["get"], ["mine"], False),
        (["secrets"], ["create"], [], False),
        (["*"], ["get"], [], True),
        (["roles"], ["escalate"], [], True),
    ],
)
def test_a_right_is_dangerous_by_what_it_reaches(resources, verbs, names, broken):
    rule = {"apiGroups": ["", "rbac.authorization.k8s.io"], "resources": resources, "verbs": verbs}
    change = edit("Role/microservices", "rules", [rule | ({"resourceNames": names} if names else {})])
    outcome = prove(BY_NAME["static.pod-rights"], *declared(change)).verdict.outcome
    assert outcome is (Outcome.FAIL if broken else Outcome.PASS)


def test_a_role_of_every_cluster_is_known_to_be_powerful():
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    change = edit("RoleBinding/microservices", "roleRef", ref)
    proof = prove(BY_NAME["static.pod-rights"], *declared(change))
    assert proof.verdict.because.startswith("RoleBinding/microservices roleRef: microservices is edit")


@pytest.mark.parametrize(
    ("image", "fixed"),
    [
        ("items", False),
        ("items:latest", False),
        ("registry:5000/items", False),
        ("registry:5000/items:1.0", True),
        ("items@sha256:" + "0" * 64, True),
        ("items:latest@sha256:" + "0" * 64, True),
        ("", False),
    ],
)
def test_an_image_is_fixed_by_a_tag_or_a_digest(image, fixed):
    outcome = prove(BY_NAME["static.images-fixed"], *declared(edit(SHOP, f"{MAIN}.image", image))).verdict.outcome
    assert outcome is (Outcome.PASS if fixed else Outcome.FAIL)


@pytest.mark.parametrize(
    ("name", "value", "is_open"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("apiKey", "abc", True),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("TOKEN_TTL", "300", False),
        ("DB_PASSWORD", "", False),
        ("PASSWORD", "$(OTHER)", False),
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("URL", "postgres://user:pass@db/x", True),
        ("URL", "http://db:5432/x", False),
        ("NOTE", "-----BEGIN RSA PRIVATE KEY-----", True),
    ],
)
def test_a_secret_in_the_open_is_known_by_its_name_or_its_form(name, value, is_open):
    change = edit(SHOP, f"{MAIN}.env[0]", {"name": name, "value": value})
    verdict = prove(BY_NAME["static.secrets-by-reference"], *declared(change)).verdict
    assert verdict.outcome is (Outcome.FAIL if is_open else Outcome.PASS)
    assert "hunter2" not in verdict.report()
