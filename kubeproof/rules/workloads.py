"""What makes pods: it selects them, says how they end, spreads them, and asks for a priority that there is."""

from collections.abc import Iterator

from kubeproof.manifests.documents import named
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import NO_REPLICAS, fewest, mapping_at, provided, selects, served
from kubeproof.rules.rule import NO_PODS, Finding, Rule, Severity, judged, titled


def examine_selectors(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that has a selector."""
    del profile
    for workload in system.running:
        if workload.selection is not None:
            wanted = str(workload.selection)
            found = ", ".join(f"{key}={value}" for key, value in workload.labels) or "no labels"
            ok = selects(workload.selection, workload)
            subject = titled(system, workload.kind, workload)
            fix = "give the pod template the labels that the workload selects"
            yield judged(ok, subject, "spec.template.metadata.labels", found, wanted, fix)


SELECTORS = Rule(
    name="static.selectors",
    law="every workload selects the pods that it makes",
    source="kubernetes.io, Labels and Selectors",
    examine=examine_selectors,
    nothing="no workload of the manifests has a selector",
)


# Where a pod's restart policy stands, and which it may be: a Job's must be said, since the default is not among them.
_RESTARTS = {
    "Job": ("spec.template.spec", ("OnFailure", "Never")),
    "CronJob": ("spec.jobTemplate.spec.template.spec", ("OnFailure", "Never")),
    "Deployment": ("spec.template.spec", ("Always",)),
    "StatefulSet": ("spec.template.spec", ("Always",)),
    "DaemonSet": ("spec.template.spec", ("Always",)),
}


def examine_restart_policy(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object that makes pods."""
    del profile
    for document in system.documents:
        if document.get("kind") in _RESTARTS:
            path, allowed = _RESTARTS[str(document["kind"])]
            policy = mapping_at(document, path).get("restartPolicy", "Always")
            wanted, fix = " or ".join(allowed), f"say restartPolicy: {allowed[0]}"
            yield judged(policy in allowed, named(document), f"{path}.restartPolicy", policy, wanted, fix)


RESTART_POLICY = Rule(
    name="static.restart-policy",
    law="pods of Jobs end, pods of everything else are restarted always",
    source="kubernetes/kubernetes, pkg/apis/batch/validation and apps/validation: restartPolicy",
    examine=examine_restart_policy,
    nothing=NO_PODS,
)


def examine_spread(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload of several replicas behind a Service: whether anything keeps its pods apart."""
    del profile
    for subject, workload in served(system):
        if fewest(system, workload) < 2:
            continue
        rules = workload.pod.apart
        own = [place for place, selector in rules if selects(selector, workload)]
        found = "nothing" if not rules else f"{', '.join(own or (p for p, _ in rules))}"
        if rules and not own:
            found += ", which selects none of its own pods"
        field = workload.path(rules[0][0] if rules else "")
        fix = "spread them by kubernetes.io/hostname: with one node all replicas may be gone"
        yield judged(bool(own), subject, field, found, "topology spread or anti-affinity of its own pods", fix)


SPREAD = Rule(
    name="static.spread",
    law="the replicas of a workload behind a Service are kept on different nodes where there are several",
    source="kubernetes.io, Pod Topology Spread Constraints; Assigning Pods to Nodes",
    examine=examine_spread,
    nothing=NO_REPLICAS,
    severity=Severity.WARNING,
)


BUILT_IN_CLASSES = ("system-cluster-critical", "system-node-critical")


def examine_priority_classes(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PriorityClass that a pod asks for."""
    known = {one.name for one in system.classes if one.kind == "PriorityClass"} | set(BUILT_IN_CLASSES)
    known |= provided(profile, "PriorityClass")
    for workload in system.running:
        name = workload.pod.priority_class
        if name:
            subject, field = titled(system, workload.kind, workload), workload.path("priorityClassName")
            fix = "declare the PriorityClass, or name it in the profile's `provided`: without it no pod is admitted"
            lacks = (f"PriorityClass/{name}",)
            yield judged(name in known, subject, field, name, f"one of {', '.join(sorted(known))}", fix, lacks)


PRIORITY_CLASSES = Rule(
    name="static.priority-classes",
    law="every PriorityClass that a pod asks for is there",
    source="kubernetes.io, Pod Priority and Preemption",
    examine=examine_priority_classes,
    nothing="no pod asks for a PriorityClass",
)
