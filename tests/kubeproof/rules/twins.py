"""
Our manifests and profile, and of each rule a twin in which one thing is changed: the rule must see it, there.

A twin says what is changed and the object and field that the rule must name. `holds` makes a system in which a rule
holds that has nothing to say about ours.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeproof.manifests.loading import load
from kubeproof.manifests.reading import read_system
from kubeproof.profile.reading import parse_profile

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = load(ROOT / "manifests" / "k8s.yaml")
PROFILE = (ROOT / "kubeproof.toml").read_text()
GONE = object()

Documents = list[dict[str, Any]]
Change = Callable[[Documents, str], tuple[Documents, str]]


@dataclass(frozen=True)
class Twin:
    """What is changed, and the object and field, from its beginning, at which the rule must find it."""

    change: Change
    subject: str
    field: str
    holds: Change | None = None


def declared(change: Change | None = None):
    """Our system and profile, changed."""
    documents, profile = deepcopy(DOCUMENTS), PROFILE
    if change:
        documents, profile = change(documents, profile)
    return read_system(documents), parse_profile(profile, "kubeproof.toml")


def edit(subject: str, path: str, value: object) -> Change:
    """One field of one object is another; a name may leave out the hash that kustomize puts behind it."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        *way, last = [int(part) if part.isdigit() else part.strip('"') for part in _parts(path)]
        target: Any = found(documents, subject)
        for part in way:
            target = target[part]
        if value is GONE:
            del target[last]
        else:
            target[last] = value
        return documents, profile

    return change


def _parts(path: str) -> list[str]:
    return re.findall(r'"[^"]+"|[^.\[\]]+', path)


def found(documents: Documents, subject: str) -> dict[str, Any]:
    """The object of that kind and name."""
    kind, name = subject.split("/")
    form = re.compile(rf"{re.escape(name)}(-[a-z0-9]{{10}})?")
    [target] = [each for each in documents if each["kind"] == kind and form.fullmatch(each["metadata"]["name"])]
    return target


def without(subject: str) -> Change:
    """One object is gone."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        gone = found(documents, subject)
        return [each for each in documents if each is not gone], profile

    return change


def twice(subject: str) -> Change:
    """One object is there twice."""
    return lambda documents, profile: ([*documents, deepcopy(found(documents, subject))], profile)


def intended(old: str, new: str) -> Change:
    """The profile says something else."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        assert old in profile, old
        return documents, profile.replace(old, new, 1)

    return change


def both(*changes: Change) -> Change:
    """Several changes that are one thing together."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        for each in changes:
            documents, profile = each(documents, profile)
        return documents, profile

    return change


SHOP, CONSUMER, DATABASE = "Deployment/microservice-1", "Deployment/microservice-2", "StatefulSet/postgres"
SCALER = "HorizontalPodAutoscaler/microservice-1"
POD, MAIN = "spec.template.spec", "spec.template.spec.containers[0]"
HIGH = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1}
ASKS_FOR_HIGH = edit(SHOP, f"{POD}.priorityClassName", "high")

# The component that takes the Ingress's place.
GATEWAYS = load(ROOT / "manifests" / "components" / "gateway" / "gateway.yaml")
ROUTE = "HTTPRoute/microservice-1"


def by_gateway(documents: Documents, profile: str) -> tuple[Documents, str]:
    """What is led in by the Ingress is led in by a Gateway as well."""
    return [*documents, *deepcopy(GATEWAYS)], profile


TWINS: dict[str, Twin] = {
    "static.schema": Twin(edit(SHOP, f"{MAIN}.imagePulPolicy", "Always"), SHOP, f"{MAIN}.imagePulPolicy"),
    "static.unique-names": Twin(twice("Service/postgres"), "Service/postgres", "metadata.name"),
    "static.labels": Twin(
        edit(SHOP, "spec.template.metadata.labels", {"app": "microservice-1", "made-by": "me & you"}),
        SHOP,
        "spec.template.metadata.labels",
    ),
    "static.ports-once": Twin(
        edit("Service/microservice-1", "spec.ports", [{"name": "http", "port": 80}, {"name": "more", "port": 80}]),
        "Service/microservice-1",
        "spec.ports",
    ),
    "static.restart-policy": Twin(
        edit("CronJob/postgres-backup", "spec.jobTemplate.spec.template.spec.restartPolicy", GONE),
        "CronJob/postgres-backup",
        "spec.jobTemplate.spec.template.spec.restartPolicy",
    ),
    "static.intent-names": Twin(
        intended('source = "microservice-2"', 'source = "none"'), "workload none", "allowed[0]"
    ),
    "static.intent-entries": Twin(
        intended('workload = "microservice-1"\nservice', 'workload = "microservice-2"\nservice'),
        "Service/microservice-1",
        "entries[0]",
    ),
    "static.intent-workloads": Twin(
        edit(SHOP, f"{MAIN}.readinessProbe.periodSeconds", 6), SHOP, f"{MAIN}.readinessProbe"
    ),
    "static.intent-autoscalers": Twin(edit(SCALER, "spec.maxReplicas", 6), SCALER, "spec.maxReplicas"),
    "static.intent-storage": Twin(
        edit(DATABASE, "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "1Gi"),
        DATABASE,
        "spec.volumeClaimTemplates[0].spec.resources.requests.storage",
    ),
    "static.configuration": Twin(
        edit(SHOP, f"{MAIN}.env[0].valueFrom.secretKeyRef.key", "pasword"),
        SHOP,
        f"{MAIN}.env[0].valueFrom.secretKeyRef",
    ),
    "static.volumes": Twin(edit(DATABASE, f"{MAIN}.volumeMounts[0].name", "date"), DATABASE, f"{MAIN}.volumeMounts[0]"),
    "static.accounts": Twin(without("ServiceAccount/microservices"), SHOP, f"{POD}.serviceAccountName"),
    "static.priority-classes": Twin(
        ASKS_FOR_HIGH,
        SHOP,
        f"{POD}.priorityClassName",
        holds=both(ASKS_FOR_HIGH, lambda documents, profile: ([*documents, HIGH], profile)),
    ),
    "static.governing-service": Twin(edit(DATABASE, "spec.serviceName", "database"), DATABASE, "spec.serviceName"),
    "static.ingress-backends": Twin(
        edit("Ingress/microservices", "spec.rules[0].http.paths[0].backend.service.port.name", "web"),
        "Ingress/microservices",
        "spec.rules[0].http.paths[0].backend.service.port",
    ),
    "static.route-backends": Twin(
        both(by_gateway, edit(ROUTE, "spec.rules[0].backendRefs[0].port", 5001)),
        ROUTE,
        "spec.rules[0].backendRefs[0].port",
        holds=by_gateway,
    ),
    "static.route-parents": Twin(
        both(by_gateway, edit(ROUTE, "spec.parentRefs[0].sectionName", "https")),
        ROUTE,
        "spec.parentRefs[0]",
        holds=by_gateway,
    ),
    "static.service-backends": Twin(
        edit("Service/postgres", "spec.ports[0].targetPort", "sql"), "Service/postgres", "spec.ports[0].targetPort"
    ),
    "static.selectors": Twin(
        edit(SHOP, "spec.template.metadata.labels.app", "items"), SHOP, "spec.template.metadata.labels"
    ),
    "static.probe-ports": Twin(edit(SHOP, f"{MAIN}.livenessProbe.httpGet.port", "web"), SHOP, f"{MAIN}.livenessProbe"),
    "static.autoscaler-target": Twin(
        both(
            edit(SHOP, f"{MAIN}.resources", {}),
            without("LimitRange/microservices"),
        ),
        SHOP,
        f"{MAIN}.resources.requests.cpu",
    ),
    "static.budgets-select": Twin(
        edit("PodDisruptionBudget/microservice-1", "spec.selector.matchLabels.app", "items"),
        "PodDisruptionBudget/microservice-1",
        "spec.selector",
    ),
    "static.grace": Twin(edit(SHOP, f"{POD}.terminationGracePeriodSeconds", 50), SHOP, f"{POD}.termination"),
    "static.probe-timeout": Twin(
        edit(SHOP, f"{MAIN}.livenessProbe.timeoutSeconds", 10), SHOP, f"{MAIN}.livenessProbe.timeoutSeconds"
    ),
    "static.detection": Twin(edit(SHOP, f"{MAIN}.readinessProbe.failureThreshold", 4), SHOP, f"{POD}.containers[]"),
    "static.timeouts": Twin(
        intended(
            'name = "total", workload = "microservice-2", seconds = 6',
            'name = "total", workload = "microservice-2", seconds = 1',
        ),
        "microservice-2",
        "a request: attempt",
    ),
    "static.connections": Twin(intended("most = 100", "most = 60"), "postgres", "connections"),
    "static.levels": Twin(intended("recovery = 15.0", "recovery = 7.0"), "microservice-1", "recovery"),
    "static.replicas-owner": Twin(edit(SHOP, "spec.replicas", 2), SHOP, "spec.replicas"),
    "static.autoscaler-bounds": Twin(edit(SCALER, "spec.minReplicas", 5), SCALER, "spec.maxReplicas"),
    "static.scale-down-window": Twin(
        edit(SCALER, "spec.behavior.scaleDown.stabilizationWindowSeconds", 299),
        SCALER,
        "spec.behavior.scaleDown.stabilizationWindowSeconds",
    ),
    "static.scale-down-step": Twin(
        edit(SCALER, "spec.behavior.scaleDown.stabilizationWindowSeconds", 60), SCALER, "spec.behavior.scaleDown"
    ),
    "static.scale-up-time": Twin(
        edit(SCALER, "spec.behavior.scaleUp.policies[0].periodSeconds", 180), SCALER, "spec.behavior.scaleUp"
    ),
    "static.memory-target": Twin(
        edit(SCALER, "spec.metrics[1].resource.target.averageUtilization", 25), SCALER, "spec.metrics"
    ),
    "static.quota": Twin(
        edit("ResourceQuota/microservices", "spec.hard.pods", "14"), "ResourceQuota/microservices", "spec.hard.pods"
    ),
    "static.disruption": Twin(
        edit("PodDisruptionBudget/microservice-1", "spec.minAvailable", 2),
        "PodDisruptionBudget/microservice-1",
        "spec.minAvailable",
    ),
    "static.no-loss": Twin(
        edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "25%"),
        SHOP,
        "spec.strategy.rollingUpdate.maxUnavailable",
    ),
    "static.progress-deadline": Twin(edit(SHOP, "spec.progressDeadlineSeconds", 20), SHOP, "spec.progressDeadline"),
    "static.readiness": Twin(edit(SHOP, f"{MAIN}.readinessProbe", GONE), SHOP, f"{POD}.containers"),
    "static.disruption-budget": Twin(without("PodDisruptionBudget/microservice-1"), SHOP, ""),
    "static.spread": Twin(edit(SHOP, f"{POD}.topologySpreadConstraints", GONE), SHOP, POD),
    "static.requests": Twin(
        both(edit(SHOP, f"{MAIN}.resources", {}), without("LimitRange/microservices")),
        SHOP,
        f"{MAIN}.resources.requests.cpu",
    ),
    "static.variables-once": Twin(
        edit(SHOP, f"{MAIN}.env", [{"name": "WORD", "value": "one"}, {"name": "WORD", "value": "two"}]),
        SHOP,
        f"{MAIN}.env[1]",
    ),
    "static.policy-selects": Twin(
        edit("NetworkPolicy/postgres", "spec.podSelector.matchLabels.app", "postgre"),
        "NetworkPolicy/postgres",
        "spec.podSelector",
    ),
    "static.policy-peers-exist": Twin(
        edit("NetworkPolicy/postgres", "spec.ingress[0].from[0].podSelector.matchLabels.app", "microservice1"),
        "NetworkPolicy/postgres",
        "spec.ingress[0].from[0]",
    ),
    "static.reachability-intended": Twin(
        edit("NetworkPolicy/microservice-2", "spec.egress[0].ports[0].port", 5001),
        "NetworkPolicy/microservice-2",
        "spec",
    ),
    "static.dns-egress": Twin(
        edit("NetworkPolicy/microservice-2", "spec.egress[1].ports[1]", GONE), "NetworkPolicy/microservice-2", "spec"
    ),
    "static.stranger-denied": Twin(
        edit("NetworkPolicy/postgres", "spec.ingress[0].from", []), "NetworkPolicy/postgres", "spec.ingress[0]"
    ),
    "static.no-unintended-path": Twin(
        edit("NetworkPolicy/microservice-2", "spec.egress[0].to", []), "NetworkPolicy/", "spec"
    ),
    "static.pod-security": Twin(
        edit(DATABASE, f"{MAIN}.securityContext.allowPrivilegeEscalation", GONE),
        DATABASE,
        f"{MAIN}.securityContext.allowPrivilegeEscalation",
    ),
    "static.secrets-by-reference": Twin(
        edit(SHOP, f"{MAIN}.env[0]", {"name": "DB_PASSWORD", "value": "hunter2"}), SHOP, f"{MAIN}.env[0]"
    ),
    "static.role-wildcards": Twin(edit("Role/deployer", "rules[0].verbs", ["*"]), "Role/deployer", "rules[0].verbs"),
    "static.pod-rights": Twin(
        edit("Role/microservices", "rules", [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]),
        "Role/microservices",
        "rules[0]",
    ),
    "static.images-fixed": Twin(edit(SHOP, f"{MAIN}.image", "registry:5000/items"), SHOP, f"{MAIN}.image"),
    "static.api-token": Twin(
        edit(SHOP, f"{POD}.automountServiceAccountToken", True), SHOP, f"{POD}.automountServiceAccountToken"
    ),
    "static.read-only-root": Twin(
        edit(SHOP, f"{MAIN}.securityContext.readOnlyRootFilesystem", False),
        SHOP,
        f"{MAIN}.securityContext.readOnlyRootFilesystem",
    ),
}
