"""Nothing under kubeproof/ knows the system it proves: names and ports come from manifests and profile alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from kubeproof.checks.catalogue import CHECKS, LIVE
from kubeproof.manifests.reading import read_system
from kubeproof.profile.reading import parse_profile, read_profile

ROOT = Path(__file__).parents[2]

OTHERS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: market}
spec:
  selector: {matchLabels: {role: shop}}
  template:
    metadata: {labels: {role: shop}}
    spec: {containers: [{name: shop, image: shop, ports: [{containerPort: 7000}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger, namespace: market}
spec:
  selector: {matchLabels: {role: ledger}}
  template:
    metadata: {labels: {role: ledger}}
    spec: {containers: [{name: ledger, image: ledger, ports: [{containerPort: 7001}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: market}
spec: {selector: {role: shop}, ports: [{port: 80, targetPort: 7000}]}
"""
THEIRS = """
system = "market"
namespace = "market"
[[dependencies]]
workload = "shop"
database = "ledger"
within = 10.0
[[entries]]
workload = "shop"
service = "shop"
path = "/"
expect = 200
"""


@pytest.fixture
def ours():
    documents = list(yaml.safe_load_all((ROOT / "manifests" / "k8s.yaml").read_text()))
    return read_system(documents), read_profile(ROOT / "kubeproof.toml")


def test_no_name_label_or_port_of_our_system_stands_in_the_harness(ours):
    system, _ = ours
    names = [re.escape(each.name) for each in system.workloads]
    ports = [str(port.number) for each in system.workloads for port in each.ports]
    ours_alone = re.compile(rf"\b({'|'.join(names + ports)})\b")
    # Seeded defects are about this system by their nature; they are data, not the harness.
    sources = [path for path in (ROOT / "kubeproof").rglob("*.py") if "mutants" not in path.parts]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ours_alone.search(line)
    ]
    assert len(sources) > 20
    assert found == []


def test_a_third_workload_in_the_manifests_is_checked_without_a_changed_line(ours):
    system, profile = ours
    third = replace(system.workloads[0], name="third")
    grown = replace(system, workloads=(*system.workloads, third))
    assert "third" not in {each.subject for each in LIVE["deploy.ready"].planned(system, profile)}
    assert "third" in {each.subject for each in LIVE["deploy.ready"].planned(grown, profile)}


def test_a_system_with_other_names_gets_the_same_checks():
    system = read_system(yaml.safe_load_all(OTHERS))
    profile = parse_profile(THEIRS, "market.toml")
    subjects = {each.name: [planned.subject for planned in each.planned(system, profile)] for each in CHECKS}
    assert subjects["deploy.ready"] == ["shop", "ledger"]
    assert subjects["dns.names"] == ["shop"]
    assert subjects["rollout.no-loss"] == ["shop"]
    (liveness,) = LIVE["probes.liveness-ignores-database"].planned(system, profile)
    assert liveness.observation == "outage:ledger"


def test_the_two_laws_about_the_database_look_at_the_same_window(ours):
    system, profile = ours
    both = [LIVE["probes.readiness-follows-database"], LIVE["probes.liveness-ignores-database"]]
    seen = {planned.observation for each in both for planned in each.planned(system, profile)}
    assert len(seen) == len({each.database for each in profile.dependencies})
