"""What docs/comparison.md says that we judge too, we do: each rule of theirs that we call the same has its defect."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.static_tools.positions import FILE, SAME, read_tools
from kubeproof.manifests.documents import Document
from kubeproof.manifests.loading import load
from kubeproof.manifests.reading import read_system
from kubeproof.profile.intent import Profile
from kubeproof.rules.catalogue import prove_all
from kubeproof.verdict import Outcome

SOUND = load(Path(__file__).parents[1] / "fixtures" / "static_tools" / "sound.yaml")
BY = {
    position.rule: position.by
    for tool in read_tools(FILE.read_text())
    for position in tool.positions
    if position.stance == SAME
}
GONE = "gone"
DELETED = object()
BACKEND = "spec.rules.0.http.paths.0.backend"
POD = "spec.template.spec"
FIRST = f"{POD}.containers.0"
SAFE = f"{FIRST}.securityContext"
RIGHT = {"apiGroups": [""], "verbs": ["create"]}
ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}


@dataclass(frozen=True)
class Defect:
    """One field of one object of the sound system, what is written there, and the rules of theirs that see it."""

    subject: str
    field: str
    value: Any
    seen_by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.subject} {self.field}"


DEFECTS = (
    Defect("Ingress/web", "apiVersion", "extensions/v1beta1", ("stable-version", "no-extensions-v1beta")),
    Defect("Ingress/web", f"{BACKEND}.service.name", GONE, ("ingress-targets-service", "dangling-ingress")),
    Defect("Service/web", "spec.selector.app", GONE, ("service-targets-pod", "dangling-service")),
    Defect("Service/web", "spec.ports.0.targetPort", GONE, ("invalid-target-ports",)),
    Defect(
        "NetworkPolicy/web",
        "spec.podSelector.matchLabels.app",
        GONE,
        (
            *("networkpolicy-targets-pod", "dangling-networkpolicy"),
            *("pod-networkpolicy", "non-isolated-pod", "missingNetworkPolicy"),
        ),
    ),
    Defect(
        "NetworkPolicy/web",
        "spec.ingress.0.from.0.podSelector.matchLabels.app",
        GONE,
        ("dangling-networkpolicypeer-podselector",),
    ),
    Defect("Deployment/web", "spec.replicas", 2, ("deployment-targeted-by-hpa-does-not-have-replicas-configured",)),
    Defect(
        "HorizontalPodAutoscaler/web",
        "spec.scaleTargetRef.name",
        GONE,
        ("horizontalpodautoscaler-has-target", "dangling-horizontalpodautoscaler"),
    ),
    Defect("PodDisruptionBudget/web", "spec.maxUnavailable", DELETED, ("poddisruptionbudget-has-policy",)),
    Defect("PodDisruptionBudget/web", "spec.maxUnavailable", 0, ("pdb-max-unavailable", "pdbDisruptionsIsZero")),
    Defect(
        "PodDisruptionBudget/web",
        "spec",
        {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 2},
        ("pdb-min-available",),
    ),
    Defect(
        "PodDisruptionBudget/web",
        "spec.selector.matchLabels.app",
        GONE,
        ("deployment-has-poddisruptionbudget", "missingPodDisruptionBudget"),
    ),
    # It has one replica: of two nothing keeps one.
    Defect(
        "StatefulSet/ledger",
        "spec.replicas",
        2,
        ("statefulset-has-poddisruptionbudget", "statefulset-has-host-podantiaffinity"),
    ),
    Defect(
        "Deployment/web",
        f"{POD}.topologySpreadConstraints",
        DELETED,
        (
            *("deployment-has-host-podantiaffinity", "pod-topology-spread-constraints"),
            *("no-anti-affinity", "topologySpreadConstraint"),
        ),
    ),
    Defect(
        "Deployment/web",
        f"{FIRST}.env",
        [{"name": "COLOUR", "value": "green"}, {"name": "COLOUR", "value": "red"}],
        ("environment-variable-key-duplication", "duplicate-env-var"),
    ),
    Defect(
        "Deployment/web",
        f"{FIRST}.readinessProbe",
        DELETED,
        ("pod-probes", "no-readiness-probe", "readinessProbeMissing"),
    ),
    Defect(
        "Deployment/web",
        f"{FIRST}.resources",
        {},
        (
            *("container-resources", "unset-cpu-requirements", "unset-memory-requirements"),
            *("cpuRequestsMissing", "memoryRequestsMissing", "memoryLimitsMissing"),
        ),
    ),
    Defect("StatefulSet/ledger", "spec.serviceName", GONE, ("statefulset-has-servicename",)),
    Defect(
        "Deployment/web",
        "spec.template.metadata.labels.app",
        GONE,
        ("deployment-pod-selector-labels-match-template-metadata-labels", "mismatching-selector"),
    ),
    Defect(
        "StatefulSet/ledger",
        "spec.template.metadata.labels.app",
        GONE,
        ("statefulset-pod-selector-labels-match-template-metadata-labels",),
    ),
    Defect("Deployment/web", f"{FIRST}.image", "web", ("container-image-tag", "latest-tag", "tagNotSpecified")),
    Defect(
        "Deployment/web",
        f"{SAFE}.privileged",
        True,
        ("container-security-context-privileged", "privileged-container", "runAsPrivileged"),
    ),
    Defect(
        "Deployment/web",
        f"{SAFE}.readOnlyRootFilesystem",
        DELETED,
        (
            "container-security-context-readonlyrootfilesystem",
            "no-read-only-root-fs",
            "notReadOnlyRootFilesystem",
        ),
    ),
    Defect(
        "Deployment/web",
        f"{SAFE}.allowPrivilegeEscalation",
        DELETED,
        ("privilege-escalation-container", "privilegeEscalationAllowed"),
    ),
    Defect("Deployment/web", f"{POD}.securityContext.runAsNonRoot", DELETED, ("run-as-non-root", "runAsRootAllowed")),
    Defect(
        "Deployment/web",
        f"{POD}.securityContext.seccompProfile",
        DELETED,
        ("container-seccomp-profile", "linuxHardening"),
    ),
    Defect("Deployment/web", f"{SAFE}.capabilities.drop", [], ("drop-net-raw-capability", "insecureCapabilities")),
    Defect("Deployment/web", f"{SAFE}.capabilities.add", ["SYS_ADMIN"], ("dangerousCapabilities",)),
    Defect("Deployment/web", f"{SAFE}.procMount", "Unmasked", ("unsafe-proc-mount",)),
    Defect(
        "Deployment/web",
        f"{POD}.securityContext.sysctls",
        [{"name": "kernel.msgmax", "value": "1"}],
        ("unsafe-sysctls",),
    ),
    Defect("Deployment/web", f"{POD}.hostIPC", True, ("host-ipc", "hostIPCSet")),
    Defect("Deployment/web", f"{POD}.hostPID", True, ("host-pid", "hostPIDSet")),
    Defect("Deployment/web", f"{POD}.hostNetwork", True, ("host-network", "hostNetworkSet")),
    Defect("Deployment/web", f"{FIRST}.ports.0.hostPort", 8080, ("hostPortSet",)),
    Defect(
        "Deployment/web",
        f"{POD}.volumes",
        [{"name": "host", "hostPath": {"path": "/var/run/docker.sock"}}],
        ("docker-sock", "sensitive-host-mounts", "writable-host-mount"),
    ),
    Defect(
        "Deployment/web",
        f"{FIRST}.env",
        [{"name": "CLIENT_SECRET", "value": "s3cr3t"}],
        ("env-var-secret", "sensitiveContainerEnvVar"),
    ),
    Defect("ConfigMap/web", "data.DB_PASSWORD", "s3cr3t", ("sensitiveConfigmapContent",)),
    Defect("Deployment/web", f"{FIRST}.livenessProbe.httpGet.port", 9, ("liveness-port",)),
    Defect("Deployment/web", f"{FIRST}.readinessProbe.httpGet.port", 9, ("readiness-port",)),
    Defect("Deployment/web", f"{FIRST}.startupProbe.httpGet.port", 9, ("startup-port",)),
    Defect("Deployment/web", f"{POD}.serviceAccountName", GONE, ("non-existent-service-account",)),
    Defect(
        "StatefulSet/ledger",
        f"{POD}.automountServiceAccountToken",
        DELETED,
        ("default-service-account", "automountServiceAccountToken"),
    ),
    Defect("Role/web", "rules.0", RIGHT | {"resources": ["pods"]}, ("access-to-create-pods",)),
    Defect("Role/web", "rules.0", RIGHT | {"resources": ["secrets"], "verbs": ["get"]}, ("access-to-secrets",)),
    Defect(
        "Role/web",
        "rules.0",
        RIGHT | {"resources": ["pods/exec"]},
        ("rolePodExecAttach", "rolebindingRolePodExecAttach"),
    ),
    Defect(
        "ClusterRole/web",
        "rules.0",
        RIGHT | {"resources": ["pods/attach"]},
        ("clusterrolePodExecAttach", "clusterrolebindingPodExecAttach"),
    ),
    Defect("RoleBinding/web", "roleRef", ADMIN | {"name": "edit"}, ("rolebindingClusterRolePodExecAttach",)),
    Defect("RoleBinding/web", "roleRef", ADMIN, ("rolebindingClusterAdminClusterRole",)),
    Defect(
        "Role/web",
        "rules.0",
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        ("rolebindingClusterAdminRole",),
    ),
    Defect(
        "ClusterRoleBinding/web",
        "roleRef",
        ADMIN,
        ("cluster-admin-role-binding", "clusterrolebindingClusterAdmin"),
    ),
    Defect("Role/web", "rules.0.verbs", ["*"], ("wildcard-in-rules",)),
    Defect("Deployment/web", "metadata.labels", {"app": "not a label"}, ("label-values",)),
    Defect(
        "Deployment/web",
        f"{POD}.containers.0.ports",
        [{"name": "http", "containerPort": 8080}, {"name": "http", "containerPort": 8081}],
        ("container-ports-check",),
    ),
    Defect(
        "CronJob/tidy",
        "spec.jobTemplate.spec.template.spec.restartPolicy",
        "Always",
        ("cronjob-restartpolicy",),
    ),
)


def written(defect: Defect) -> list[Document]:
    """The sound system with the defect in it."""
    documents: list[Any] = copy.deepcopy(SOUND)
    place = next(one for one in documents if f"{one['kind']}/{one['metadata']['name']}" == defect.subject)
    *way, last = defect.field.split(".")
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    end = int(last) if isinstance(place, list) else last
    if defect.value is DELETED:
        del place[end]
    else:
        place[end] = defect.value
    return documents


def findings(documents: list[Document], rules: tuple[str, ...]) -> list[str]:
    """What these rules find broken, or cannot tell."""
    system = read_system(documents)
    return [
        f"{proof.rule.name}: {finding}"
        for proof in prove_all(system, Profile(system.namespace, system.namespace))
        for finding in proof.findings
        if proof.rule.name in rules and finding.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    ]


def test_every_rule_that_we_call_the_same_has_its_defect() -> None:
    """No claim goes untried, and none is tried that is not made."""
    assert sorted(BY) == sorted(rule for defect in DEFECTS for rule in defect.seen_by)


def test_of_the_sound_system_no_such_rule_has_anything_to_say() -> None:
    """The control: what is found below is the defect's."""
    assert findings(SOUND, tuple({rule for by in BY.values() for rule in by})) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_the_defect_is_found_by_the_rules_that_are_named(defect: Defect) -> None:
    """By each rule that stands beside theirs on the page."""
    documents = written(defect)
    named = {ours for theirs in defect.seen_by for ours in BY[theirs]}
    assert {rule for rule in named if not findings(documents, (rule,))} == set()
