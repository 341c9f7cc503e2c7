"""The prover on ten published sets of manifests of other projects: it reads each, and what it says of them is known."""

import argparse
from collections import Counter
from pathlib import Path

import pytest

from bench.static_tools.findings import BROKEN, UNTOLD, from_sarif
from kubeproof import prove as proving
from kubeproof.manifests.documents import flat
from kubeproof.manifests.loading import load
from kubeproof.manifests.schema import violations

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "published"
SETS = sorted(file.stem for file in PUBLISHED.glob("*.yaml"))

# By set: how many places a rule finds broken, and how many it cannot tell.
SAID: dict[str, dict[str, tuple[int, int]]] = {
    "argo-cd-redis": {
        "static.configuration": (0, 1),
        "static.images-fixed": (1, 0),
        "static.policy-peers-exist": (3, 0),
        "static.readiness": (1, 0),
        "static.requests": (3, 0),
    },
    "descheduler": {
        "static.probe-ports": (0, 1),
        "static.requests": (1, 0),
    },
    "guestbook": {
        "static.api-token": (3, 0),
        "static.disruption-budget": (2, 0),
        "static.read-only-root": (3, 0),
        "static.readiness": (3, 0),
        "static.requests": (3, 0),
        "static.spread": (2, 0),
        "static.stranger-denied": (9, 0),
    },
    "ingress-nginx": {
        "static.configuration": (0, 1),
        "static.grace": (0, 1),
        "static.pod-rights": (3, 0),
        "static.probe-ports": (0, 2),
        "static.read-only-root": (3, 0),
        "static.requests": (7, 0),
        "static.stranger-denied": (9, 0),
    },
    "metrics-server": {
        "static.requests": (1, 0),
        "static.stranger-denied": (3, 0),
    },
    "online-boutique": {
        "static.api-token": (3, 0),
        "static.images-fixed": (2, 0),
        "static.policy-peers-exist": (1, 0),
        "static.stranger-denied": (2, 0),
    },
    "podinfo": {
        "static.api-token": (1, 0),
        "static.disruption-budget": (1, 0),
        "static.read-only-root": (1, 0),
        "static.schema": (1, 0),
        "static.spread": (1, 0),
        "static.stranger-denied": (9, 0),
    },
    "sock-shop": {
        "static.api-token": (3, 0),
        "static.policy-peers-exist": (2, 0),
        "static.policy-selects": (1, 0),
        "static.readiness": (2, 0),
        "static.requests": (3, 0),
        "static.schema": (1, 0),
        "static.stranger-denied": (6, 0),
    },
    "wordpress": {
        "static.api-token": (2, 0),
        "static.configuration": (0, 3),
        "static.read-only-root": (2, 0),
        "static.readiness": (2, 0),
        "static.requests": (6, 0),
        "static.stranger-denied": (6, 0),
    },
    "zookeeper": {
        "static.api-token": (1, 0),
        "static.read-only-root": (1, 0),
        "static.requests": (1, 0),
        "static.spread": (1, 0),
        "static.stranger-denied": (9, 0),
    },
}
# Objects of an API that is gone, by set; everything else is what the API takes.
REFUSED = {"podinfo": "autoscaling/v2beta2", "sock-shop": "extensions/v1beta1"}


def said(name: str, tmp_path: Path) -> tuple[int, dict[str, tuple[int, int]]]:
    """The command's exit status, and broken and untold places by rule, as its SARIF tells."""
    file = tmp_path / "findings.sarif"
    asked = {"profile": None, "sarif": file, "all": False, "pairs": False}
    status = proving.run(argparse.Namespace(manifests=PUBLISHED / f"{name}.yaml", **asked))
    counts = Counter((found.rule, found.kind) for found in from_sarif(file.read_text()))
    return status, {rule: (counts[rule, BROKEN], counts[rule, UNTOLD]) for rule in sorted({rule for rule, _ in counts})}


def test_there_are_ten_and_each_has_its_source() -> None:
    """Every set is in the table of sources, with a commit and a licence, and nothing else is."""
    lines = [line for line in (PUBLISHED / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert len(SETS) == 10
    assert [line.split("`")[1] for line in lines] == SETS
    assert all("Apache-2.0" in line or "CC BY 4.0" in line for line in lines)


@pytest.mark.parametrize("name", SETS)
def test_the_api_refuses_only_what_is_of_an_api_that_is_gone(name: str) -> None:
    """Schema validation knows every object of foreign manifests but those of versions that are no longer served."""
    documents = flat(load(PUBLISHED / f"{name}.yaml"))
    refused = [violation.found for document in documents for violation in violations(document) or ()]
    assert refused == ([REFUSED[name]] if name in REFUSED else [])


@pytest.mark.parametrize("name", SETS)
def test_what_the_prover_says_of_it_is_known(name: str, tmp_path: Path) -> None:
    """Broken and untold places by rule; the exit status is that of the worst. A change here is a change for users."""
    status, counts = said(name, tmp_path)
    assert counts == SAID[name]
    assert status == (1 if any(broken for broken, _ in counts.values()) else 2)
