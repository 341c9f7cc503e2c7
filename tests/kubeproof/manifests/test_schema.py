"""What the API server would refuse is refused here, by field; what it would take is taken."""

from pathlib import Path

import pytest
import yaml

from kubeproof.manifests.schema import Violation, kinds, mistyped, violations
from kubeproof.manifests.schema_refresh import collected, compact

ROOT = Path(__file__).parents[3]
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, creationTimestamp: null, labels: {app.kubernetes.io/name: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {role: shop}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {labels: {role: shop}}
    spec:
      containers:
        - name: shop
          image: shop:1
          imagePullPolicy: Always
          ports: [{containerPort: 7000}]
          resources: {limits: {cpu: 1, memory: 64Mi}}
"""


def of(text, *changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return violations(yaml.safe_load(text))


def test_what_the_api_takes_has_no_violation():
    assert of(DEPLOYMENT) == ()


@pytest.mark.parametrize(
    ("change", "field", "found", "wanted"),
    [
        (("image: shop:1", "imag: shop:1"), "imag", "not known here", "did you mean image?"),
        (("name: shop\n", "named: shop\n"), "name", "nothing", "required"),
        (("containerPort: 7000", "containerPort: many"), "ports[0].containerPort", '"many"', "a whole number"),
        (("cpu: 1", "cpu: [1]"), "resources.limits.cpu", "[1]", "a text or a number"),
        (("PullPolicy: Always", "PullPolicy: often"), "imagePullPolicy", '"often"', "IfNotPresent"),
        (("ports: [{containerPort: 7000}]", "ports: {}"), "ports", "{}", "a list"),
    ],
)
def test_a_field_that_the_schema_refuses_is_named_with_its_path(change, field, found, wanted):
    refused = of(DEPLOYMENT, change)
    [violation] = [violation for violation in refused if violation.field == f"spec.template.spec.containers[0].{field}"]
    assert found in violation.found
    assert wanted in violation.wanted


def test_a_label_with_dots_stands_in_quotes():
    [violation] = of(DEPLOYMENT, ("app.kubernetes.io/name: shop", "app.kubernetes.io/name: 3"))
    assert violation == Violation('metadata.labels["app.kubernetes.io/name"]', "3", "a text", by_type=True)


@pytest.mark.parametrize(
    ("version", "kind", "field", "wanted"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", "apiVersion", "policy/v1"),
        ("extensions/v1beta1", "Ingress", "apiVersion", "networking.k8s.io/v1"),
        ("apps/v1", "Deploymnt", "kind", "did you mean Deployment?"),
        ("v1", "Poodle", "kind", "a kind of v1"),
    ],
)
def test_a_kind_that_is_not_served_says_what_is(version, kind, field, wanted):
    [violation] = violations({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}})
    assert violation.field == field
    assert wanted in violation.wanted


def test_a_kind_of_an_extension_is_not_judged():
    for version in ("example.org/v1", "gateway.networking.k8s.io/v1"):
        assert violations({"apiVersion": version, "kind": "HTTPRoute"}) is None


def test_our_own_manifests_are_what_the_api_takes():
    documents = list(yaml.safe_load_all((ROOT / "manifests" / "k8s.yaml").read_text()))
    assert [violations(document) for document in documents] == [()] * len(documents)


def test_the_saved_schemas_say_where_they_come_from():
    assert kinds().version.startswith("v1.36.")
    assert {"v1 Pod", "apps/v1 StatefulSet", "policy/v1 PodDisruptionBudget"} <= set(kinds().definition)


def test_a_live_api_becomes_closed_schemas_of_its_own_kinds():
    text = {"type": "string", "description": "words"}
    name = {"allOf": [{"$ref": "#/components/schemas/io.k8s.Meta"}], "default": {}, "description": "words"}
    own = {
        "type": "object",
        "properties": {"metadata": name, "note": text},
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Thing"}],
    }
    schemas = {"io.k8s.api.core.v1.Thing": own, "io.k8s.Meta": {"type": "object"}, "org.example.Thing": own}
    answers = {
        "/openapi/v3": {"paths": ["api/v1", "version"]},
        "/openapi/v3/api/v1": {"components": {"schemas": schemas}},
    }
    assert collected(answers.__getitem__) == {
        "kinds": {"v1 Thing": "io.k8s.api.core.v1.Thing"},
        "definitions": {
            "io.k8s.api.core.v1.Thing": {
                "type": "object",
                "properties": {"metadata": {"$ref": "#/definitions/io.k8s.Meta"}, "note": {"type": "string"}},
                "additionalProperties": False,
            },
            "io.k8s.Meta": {"type": "object"},
        },
    }


def test_an_object_that_keeps_unknown_fields_stays_open():
    schema = {"properties": {}, "x-kubernetes-preserve-unknown-fields": True}
    assert compact(schema) == {"properties": {}}


@pytest.mark.parametrize("version", ["apps/v1", "apps/v1beta1", None])
def test_a_field_of_another_type_is_seen_whatever_version_the_object_says(version):
    """It is read all the same, and what is read must be what the reader takes it for."""
    document = {**yaml.safe_load(DEPLOYMENT), "apiVersion": version}
    assert mistyped(document) is None
    document["spec"]["template"]["spec"]["containers"][0]["name"] = {}
    assert mistyped(document).startswith("spec.template.spec.containers[0].name is ")


def test_an_extension_may_have_a_kind_of_the_same_name_with_other_fields():
    assert mistyped({"apiVersion": "serving.example.dev/v1", "kind": "Service", "spec": {"ports": "none"}}) is None
