"""The profile and the manifests were written apart and must say the same of our system."""

from pathlib import Path
from typing import Any

import yaml

from kubeproof.profile.reading import read_profile

ROOT = Path(__file__).parents[2]
PROFILE = read_profile(ROOT / "kubeproof.toml")
DECLARED: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "manifests/k8s.yaml").read_text()))


def specs(*kinds: str) -> dict[str, dict[str, Any]]:
    return {document["metadata"]["name"]: document["spec"] for document in DECLARED if document["kind"] in kinds}


def selects(selector: dict[str, Any], app: str) -> bool:
    """Whether a selector means the pods labelled `app`; we use the label app, In, and nothing else."""
    wanted = {app, *selector.get("matchLabels", {}).values()}
    return wanted == {app} and all(app in term["values"] for term in selector.get("matchExpressions", []))


def admits(subject: str, direction: str, app: str, port: int) -> bool:
    """Whether any policy lets the pods `subject` talk with pods of our namespace labelled `app` on this port."""
    return any(
        selects(peer["podSelector"], app) and port in [admitted["port"] for admitted in rule["ports"]]
        for policy in specs("NetworkPolicy").values()
        if selects(policy["podSelector"], subject)
        for rule in policy.get(direction, [])
        for peer in rule["from" if direction == "ingress" else "to"]
        if "podSelector" in peer and "namespaceSelector" not in peer
    )


def test_the_policies_admit_exactly_the_declared_talks() -> None:
    """
    Of all ordered pairs, those that egress and ingress both admit are the profile's [[allowed]].

    What it promises to be backed up must be reached by what backs it up and restores it, and is so by nobody else.
    """
    services, sources = specs("Service"), specs("Deployment", "StatefulSet", "CronJob")
    assert set(specs("Deployment", "StatefulSet")) == set(services)
    assert specs("NetworkPolicy")["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    admitted = set()
    for source in sources:
        for target in services:
            port = services[target]["ports"][0]["port"]
            if source != target and admits(source, "egress", target, port) and admits(target, "ingress", source, port):
                admitted.add((source, target))
    needed = {(job, promise.workload) for promise in PROFILE.backups for job in (promise.backup, promise.restore)}
    assert admitted == needed | {(pair.source, pair.target) for pair in PROFILE.allowed}


def test_the_promised_scale_is_the_autoscaler_s() -> None:
    """Minimum and maximum agree, and the target can be had in time at one replica a minute."""
    for scale in PROFILE.scales:
        autoscaler = specs("HorizontalPodAutoscaler")[scale.workload]
        assert (scale.minimum, scale.maximum) == (autoscaler["minReplicas"], autoscaler["maxReplicas"])
        [step] = autoscaler["behavior"]["scaleUp"]["policies"]
        assert (scale.target - scale.minimum) / step["value"] * step["periodSeconds"] < scale.within


def test_readiness_can_follow_the_database_in_the_promised_time() -> None:
    """A full period, then failures in a row, each seen after its time-out at worst: still within the promise."""
    for dependency in PROFILE.dependencies:
        [container] = specs("Deployment")[dependency.workload]["template"]["spec"]["containers"]
        probe = container["readinessProbe"]
        worst = probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]
        assert worst < dependency.within


def test_what_the_profile_names_is_declared() -> None:
    """Workloads, Services and overlays that the profile relies on are there."""
    workloads, services = specs("Deployment", "StatefulSet"), specs("Service")
    assert {entry.workload for entry in PROFILE.entries} == set(specs("Deployment"))
    assert {promise.workload for promise in (*PROFILE.persistence, *PROFILE.backups)} <= set(specs("StatefulSet"))
    assert {job for promise in PROFILE.backups for job in (promise.backup, promise.restore)} <= set(specs("CronJob"))
    assert {dependency.database for dependency in PROFILE.dependencies} <= set(workloads)
    used = {step.service for journey in PROFILE.journeys for step in journey.steps}
    assert used | {entry.service for entry in PROFILE.entries} <= set(services)
    for _, folder in PROFILE.overlays:
        assert (ROOT / folder / "kustomization.yaml").is_file()
