"""What the API server refuses although its schema takes it, value by value."""

from typing import Any

import pytest

from kubeproof.manifests.reading import read_system
from kubeproof.rules.api_objects import LABELS
from kubeproof.rules.rule import prove
from kubeproof.rules.services import PORTS_ONCE
from kubeproof.rules.workloads import RESTART_POLICY
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import declared

_, PROFILE = declared()


def outcome(rule: Any, document: dict[str, Any]) -> Outcome:
    """What a rule says of one object."""
    return prove(rule, read_system([document]), PROFILE).verdict.outcome


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


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
    assert outcome(LABELS, document) is (Outcome.PASS if fine else Outcome.FAIL)


def test_what_is_only_called_like_labels_is_none() -> None:
    schema = {"properties": {"labels": {"description": "any text!", "type": "object", "additionalProperties": {}}}}
    definition = {"kind": "CustomResourceDefinition", "metadata": {"name": "d"}, "spec": {"schema": schema}}
    assert outcome(LABELS, definition) is Outcome.SKIPPED
    assert (
        outcome(LABELS, pod(containers=[{"name": "c", "image": "i:1"}], nodeSelector={"disk": "a b"})) is Outcome.FAIL
    )


def listens(*ports: tuple[str, int, str]) -> dict[str, Any]:
    return {
        "ports": [{"name": name, "containerPort": number, "protocol": protocol} for name, number, protocol in ports]
    }


@pytest.mark.parametrize(
    ("containers", "fine"),
    [
        ([listens(("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"))], True),
        ([listens(("http", 80, "TCP"), ("metrics", 80, "TCP"))], True),
        ([listens(("http", 80, "TCP"), ("http", 81, "TCP"))], False),
        ([listens(("http", 80, "TCP")), listens(("metrics", 80, "TCP"))], False),
        ([listens(("http", 80, "TCP")), listens(("http", 81, "TCP"))], False),
        ([listens(("http", 80, "TCP")), {}], True),
    ],
)
def test_two_containers_cannot_listen_on_one_port(containers: list[dict[str, Any]], fine: bool) -> None:
    named = [{"name": f"c{n}", "image": "i:1", **each} for n, each in enumerate(containers)]
    assert outcome(PORTS_ONCE, pod(containers=named)) is (Outcome.PASS if fine else Outcome.FAIL)


@pytest.mark.parametrize(
    ("kind", "said", "fine"),
    [
        ("Job", {}, False),
        ("Job", {"restartPolicy": "Always"}, False),
        ("Job", {"restartPolicy": "Never"}, True),
        ("Deployment", {}, True),
        ("Deployment", {"restartPolicy": "Never"}, False),
    ],
)
def test_a_job_ends_and_all_else_is_restarted(kind: str, said: dict[str, str], fine: bool) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": "i:1"}], **said}}}
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "w"}, "spec": spec}
    assert outcome(RESTART_POLICY, document) is (Outcome.PASS if fine else Outcome.FAIL)
