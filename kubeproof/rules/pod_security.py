"""What a pod may do to its node: the Pod Security level that is wanted of it, and its root file system."""

from collections.abc import Iterator

from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.pod_security_levels import LEVELS, level_of
from kubeproof.rules.rule import NO_PODS, Finding, Rule, Severity, broken, holds, judged, titled

ENFORCE = "pod-security.kubernetes.io/enforce"


def examine_pod_security(system: System, profile: Profile) -> Iterator[Finding]:
    """Every pod, and every namespace that pods are in."""
    for namespace in dict.fromkeys(workload.namespace for workload in system.running):
        enforced = dict(system.namespace_labels(namespace)).get(ENFORCE)
        wanted = profile.pod_security or enforced or "baseline"
        if profile.pod_security:
            ok = enforced in LEVELS and LEVELS.index(enforced) >= LEVELS.index(wanted)
            fix = f"label the namespace {ENFORCE}: {wanted}, so that the cluster admits no lesser pod"
            found = enforced or "no such label"
            subject = f"Namespace/{namespace}"
            yield judged(ok, subject, f'metadata.labels["{ENFORCE}"]', found, wanted, fix, (subject,))
        if wanted not in LEVELS:
            fix = "write one that Pod Security knows"
            yield broken(f"Namespace/{namespace}", f'metadata.labels["{ENFORCE}"]', wanted, ", ".join(LEVELS), fix)
            continue
        for workload in system.running:
            if workload.namespace == namespace:
                yield from _level(titled(system, workload.kind, workload), workload, wanted)


def _level(subject: str, workload: Workload, wanted: str) -> Iterator[Finding]:
    level, breaches = level_of(workload)
    if LEVELS.index(level) >= LEVELS.index(wanted):
        yield holds(subject, workload.path(""), level, f"at least {wanted}")
    for breach in breaches:
        if LEVELS.index(breach.level) <= LEVELS.index(wanted):
            fix = f"write {breach.wanted}; without it the pod is {level}"
            yield broken(subject, breach.field, breach.found, f"{breach.wanted} ({breach.level})", fix)


POD_SECURITY = Rule(
    name="static.pod-security",
    law="every pod meets the Pod Security level that is wanted of it, and its namespace enforces it",
    source="kubernetes.io, Pod Security Standards; k8s.io/pod-security-admission",
    examine=examine_pod_security,
    nothing=NO_PODS,
)


def examine_read_only_root(system: System, profile: Profile) -> Iterator[Finding]:
    """Every container's root file system."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            field = workload.path(f"{container.place}.securityContext.readOnlyRootFilesystem")
            found = {True: "true", False: "false", None: "nothing"}[container.security.read_only_root]
            fix = "set it, and mount an emptyDir where the program writes"
            ok = container.security.read_only_root is True
            yield judged(ok, titled(system, workload.kind, workload), field, found, "true", fix)


READ_ONLY_ROOT = Rule(
    name="static.read-only-root",
    law="no container can write its root file system",
    source="kubernetes.io, Configure a Security Context",
    examine=examine_read_only_root,
    nothing=NO_PODS,
    severity=Severity.WARNING,
)
