"""What the API server takes of any object: a twin a rule, and labels value by value."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SHOP, Twin, edit, outcome_of, pod, twice

TWINS = {
    "static.schema": Twin(edit(SHOP, f"{MAIN}.imagePulPolicy", "Always"), SHOP, f"{MAIN}.imagePulPolicy"),
    "static.unique-names": Twin(twice("Service/postgres"), "Service/postgres", "metadata.name"),
    "static.labels": Twin(
        edit(SHOP, "spec.template.metadata.labels", {"app": "microservice-1", "made-by": "me & you"}),
        SHOP,
        "spec.template.metadata.labels",
    ),
}


@pytest.mark.parametrize(
    ("key", "value", "fine"),
    [
        ("app", "shop", True),
        ("app.kubernetes.io/name", "a.b_c-D9", True),
        ("app", "", True),
        ("a" * 63, "b" * 63, True),
        ("a" * 64, "b", False),
        ("app", "b" * 64, False),
        ("app", "-b", False),
        ("app", "ends-", False),
        ("app", "two words", False),
        ("", "b", False),
        ("/app", "b", False),
        ("Upper.example/app", "b", False),
        ("a/b/c", "b", False),
        ("d" * 254 + "/app", "b", False),
        ("app", "line\n", False),
    ],
)
def test_labels_are_spelled_as_the_api_takes_them(key: str, value: str, fine: bool) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {key: value}}}
    assert outcome_of("static.labels", document) is (Outcome.PASS if fine else Outcome.FAIL)


def test_what_is_only_called_like_labels_is_none() -> None:
    schema = {"properties": {"labels": {"description": "any text!", "type": "object", "additionalProperties": {}}}}
    definition = {"kind": "CustomResourceDefinition", "metadata": {"name": "d"}, "spec": {"schema": schema}}
    assert outcome_of("static.labels", definition) is Outcome.SKIPPED
    assert (
        outcome_of("static.labels", pod(containers=[{"name": "c", "image": "i:1"}], nodeSelector={"disk": "a b"}))
        is Outcome.FAIL
    )
