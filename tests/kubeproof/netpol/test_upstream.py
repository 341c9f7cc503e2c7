"""The engine against the known answers of Kubernetes' own e2e suite: three namespaces of three pods."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policy_reading import read_policy
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Flow, Namespace, Network, Pod

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "upstream.yaml").read_text())
NAMESPACES = "xyz"
PORTS = tuple(
    Port(f"serve-{number}-{protocol.lower()}", number, protocol)
    for number in (80, 81)
    for protocol in ("TCP", "UDP", "SCTP")
)
PODS = tuple(
    Pod(namespace, f"{namespace}/{name}", (("pod", name),), PORTS, (f"10.0.{row}.{column}",))
    for row, namespace in enumerate(NAMESPACES, 1)
    for column, name in enumerate("abc", 1)
)


def network(case: dict[str, Any]) -> Network:
    """The policies of a case, in the three namespaces."""
    policies = [
        read_policy({"metadata": {"name": f"p{n}", "namespace": spec["namespace"]}, "spec": spec["spec"]}, "")
        for n, spec in enumerate(case["policies"])
    ]
    return Network(tuple(policies), tuple(Namespace(name) for name in NAMESPACES))


def table(on: Network, protocol: str, port: int) -> str:
    """What the engine answers for all pairs, drawn as the cases draw it."""
    rows = []
    for source in PODS:
        marks = ["-" if source == to else decide(on, Flow(source, to, port, protocol)).reach.value for to in PODS]
        rows.append(f"{source.name}  " + "  ".join("".join(marks[at : at + 3]) for at in (0, 3, 6)))
    return "\n".join(rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_upstream_expects_the_same(case: dict[str, Any]) -> None:
    """Every table of the case, cell by cell."""
    on = network(case)
    answers = {probe: table(on, *probe.split()[:1], int(probe.split()[1])) for probe in case["tables"]}
    assert answers == {probe: expected.strip() for probe, expected in case["tables"].items()}
