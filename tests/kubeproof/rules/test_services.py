"""Services: a twin a rule, and ports that two containers would listen on."""

from typing import Any

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import DATABASE, Twin, edit, outcome_of, pod

TWINS = {
    "static.service-backends": Twin(
        edit("Service/postgres", "spec.ports[0].targetPort", "sql"),
        "Service/postgres",
        "spec.ports[0].targetPort",
        untold=((edit("Service/postgres", "spec.ports[0].targetPort", 6432), "spec.ports[0].targetPort"),),
    ),
    "static.ports-once": Twin(
        edit("Service/microservice-1", "spec.ports", [{"name": "http", "port": 80}, {"name": "more", "port": 80}]),
        "Service/microservice-1",
        "spec.ports",
    ),
    "static.governing-service": Twin(edit(DATABASE, "spec.serviceName", "database"), DATABASE, "spec.serviceName"),
}


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
    named = [{"name": f"c{n}", "image": "i:1", **container} for n, container in enumerate(containers)]
    assert outcome_of("static.ports-once", pod(containers=named)) is (Outcome.PASS if fine else Outcome.FAIL)
