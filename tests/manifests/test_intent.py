"""The profile and the manifests were written apart and must say the same of our system."""

from pathlib import Path
from typing import Any

import yaml

from conformance.declared.profile import read_profile

ROOT = Path(__file__).parents[2]
PROFILE = read_profile(ROOT / "kubeproof.toml")
DECLARED: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "manifests/k8s.yaml").read_text()))


def specs(*kinds: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in DECLARED if each["kind"] in kinds}


def admits(policy: dict[str, Any], direction: str, app: str, port: int) -> bool:
    """Whether a policy lets its pods talk with pods of our namespace labelled `app` on this port."""
    for rule in policy.get(direction, []):
        pods = [
            peer["podSelector"] for peer in rule["from" if direction == "ingress" else "to"] if "podSelector" in peer
        ]
        if any(each.get("matchLabels", {"app": app}) == {"app": app} for each in pods) and any(
            each["port"] == port for each in rule["ports"]
        ):
            return True
    return False


def test_the_policies_admit_exactly_the_declared_talks() -> None:
    """Of all ordered pairs of workloads, those that egress and ingress both admit are the profile's [[talks]]."""
    policies, services = specs("NetworkPolicy"), specs("Service")
    workloads = specs("Deployment", "StatefulSet")
    assert set(policies) == set(workloads) == set(services)
    admitted = set()
    for source in workloads:
        for target in workloads:
            port = services[target]["ports"][0]["port"]
            out, into = policies[source], policies[target]
            if source != target and admits(out, "egress", target, port) and admits(into, "ingress", source, port):
                admitted.add((source, target))
    assert admitted == {(talk.source, talk.target) for talk in PROFILE.talks}


def test_the_promised_scale_is_the_autoscaler_s() -> None:
    """Minimum and maximum agree, and the target can be had in time at one replica a minute."""
    for scale in PROFILE.scales:
        autoscaler = specs("HorizontalPodAutoscaler")[scale.workload]
        assert (scale.minimum, scale.maximum) == (autoscaler["minReplicas"], autoscaler["maxReplicas"])
        [step] = autoscaler["behavior"]["scaleUp"]["policies"]
        assert (scale.target - scale.minimum) / step["value"] * step["periodSeconds"] < scale.within


def test_readiness_can_follow_the_database_in_the_promised_time() -> None:
    """A full period, then failures in a row, each seen after its time-out at worst: still within the promise."""
    for depend in PROFILE.depends:
        [container] = specs("Deployment")[depend.workload]["template"]["spec"]["containers"]
        probe = container["readinessProbe"]
        worst = probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]
        assert worst < depend.within


def test_what_the_profile_names_is_declared() -> None:
    """Workloads, Services and overlays that the profile relies on are there."""
    workloads, services = specs("Deployment", "StatefulSet"), specs("Service")
    assert {entry.workload for entry in PROFILE.entries} == set(specs("Deployment"))
    assert {persist.workload for persist in PROFILE.persists} <= set(specs("StatefulSet"))
    assert {depend.database for depend in PROFILE.depends} <= set(workloads)
    used = {step.service for journey in PROFILE.journeys for step in journey.steps}
    assert used | {entry.service for entry in PROFILE.entries} <= set(services)
    for _, folder in PROFILE.overlays:
        assert (ROOT / folder / "kustomization.yaml").is_file()
