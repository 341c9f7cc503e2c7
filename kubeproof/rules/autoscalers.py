"""HorizontalPodAutoscalers: what they scale and measure, between which bounds, and who else decides."""

from collections.abc import Iterator
from fractions import Fraction

from kubeproof.manifests.objects import Autoscaler, Utilisation
from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, Severity, broken, holds, judged, titled, untold

NO_AUTOSCALER = "the manifests declare no autoscaler"


def examine_autoscaler_target(system: System, profile: Profile) -> Iterator[Finding]:
    """Every autoscaler's target, and the requests that its percentages are of."""
    del profile
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        target = system.target_of(autoscaler)
        named = f"{autoscaler.target_kind}/{autoscaler.target}"
        if target is None:
            others = ", ".join(workload.title for workload in system.workloads)
            fix = "name a workload that is there"
            found = f"no {named}; there are {others or 'none'}"
            yield broken(subject, "spec.scaleTargetRef", found, named, fix, (named,))
            continue
        yield holds(subject, "spec.scaleTargetRef", named, named)
        for metric in autoscaler.metrics:
            yield from _measured(system, autoscaler, metric, target)


def _measured(system: System, autoscaler: Autoscaler, metric: Utilisation, target: Workload) -> Iterator[Finding]:
    """The request of every container that a metric is a percentage of."""
    containers, resource = metric.measured(target), metric.resource
    for container in containers:
        given = system.asked(target, container, "requests", resource)
        field = target.path(f"{container.place}.resources.requests.{resource}")
        wanted, fix = f"a request: {autoscaler.name} measures {resource} in percent of it", f"request {resource}"
        subject = titled(system, target.kind, target)
        yield judged(given is not None, subject, field, given or "nothing", wanted, fix, ("LimitRange",))
    if not containers:
        subject, wanted = titled(system, "HorizontalPodAutoscaler", autoscaler), f"container {metric.container}"
        found = f"containers {', '.join(container.name for container in target.lasting)}"
        yield broken(subject, "spec.metrics", found, wanted, f"measure a container that {target.title} has")


AUTOSCALER_TARGET = Rule(
    name="static.autoscaler-target",
    law="every autoscaler's target is there and requests what the autoscaler measures",
    source="kubernetes.io, Horizontal Pod Autoscaling: no utilisation is defined without a request",
    examine=examine_autoscaler_target,
    nothing=NO_AUTOSCALER,
)


def examine_replicas_owner(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that an autoscaler targets."""
    del profile
    for autoscaler in system.autoscalers:
        workload = system.target_of(autoscaler)
        if workload:
            found = f"replicas: {workload.replicas}" if workload.sets_replicas else "not said"
            fix = "remove it: each apply would throw away what the autoscaler decided"
            subject, wanted = titled(system, workload.kind, workload), f"not said: {autoscaler.name} decides"
            yield judged(not workload.sets_replicas, subject, "spec.replicas", found, wanted, fix)


REPLICAS_OWNER = Rule(
    name="static.replicas-owner",
    law="where an autoscaler decides, the manifest does not say how many replicas there are",
    source="kubernetes.io, Horizontal Pod Autoscaling, Migrating Deployments and StatefulSets",
    examine=examine_replicas_owner,
    nothing=NO_AUTOSCALER,
)


def examine_autoscaler_bounds(system: System, profile: Profile) -> Iterator[Finding]:
    """The bounds of every autoscaler."""
    del profile
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        found = f"{autoscaler.minimum} to {autoscaler.maximum}"
        fix = "raise maxReplicas above minReplicas: as it is it can do nothing"
        yield judged(autoscaler.minimum < autoscaler.maximum, subject, "spec.maxReplicas", found, "room to grow", fix)


AUTOSCALER_BOUNDS = Rule(
    name="static.autoscaler-bounds",
    law="every autoscaler has room to grow",
    source="kubernetes.io, Horizontal Pod Autoscaling",
    examine=examine_autoscaler_bounds,
    nothing=NO_AUTOSCALER,
    severity=Severity.WARNING,
)


def examine_memory_target(system: System, profile: Profile) -> Iterator[Finding]:
    """Every memory target beside what a pod uses without load."""
    for autoscaler in system.autoscalers:
        workload = system.target_of(autoscaler)
        for metric in autoscaler.metrics:
            if workload and metric.resource == "memory":
                yield _memory(system, profile, titled(system, "HorizontalPodAutoscaler", autoscaler), metric, workload)


def _memory(system: System, profile: Profile, subject: str, metric: Utilisation, workload: Workload) -> Finding:
    containers, field = metric.measured(workload), "spec.metrics"
    requests = [amount(system.asked(workload, container, "requests", "memory") or "") for container in containers]
    known = [request for request in requests if request is not None]
    if not containers or len(known) < len(requests):
        fix = "request memory, or give a default in a LimitRange"
        return broken(subject, field, "no memory request", "a request to be a percentage of", fix, ("LimitRange",))
    target = sum(known, Fraction()) * metric.percent / 100
    found = f"{metric.percent} % of the request, {_mebi(target)}"
    intended = profile.intended(workload.name)
    idle = amount(intended.idle_memory) if intended and intended.idle_memory else None
    if idle is None:
        fix = "tell idle_memory in the profile's [[workloads]]"
        return untold(subject, field, found, "more than a pod uses without load", fix)
    if target <= idle and len(containers) < len(workload.lasting):
        wanted, fix = f"what {metric.container} uses of {_mebi(idle)} without load", "measure the whole pod"
        return untold(subject, field, found, f"more than {wanted}", fix)
    fix = "raise the target or the request: otherwise every pod counts as busy and the maximum is held for ever"
    return judged(target > idle, subject, field, found, f"more than {_mebi(idle)}, used without load", fix)


def _mebi(value: Fraction) -> str:
    return f"{float(value) / 2**20:.0f} Mi"


MEMORY_TARGET = Rule(
    name="static.memory-target",
    law="a memory target lies above what a pod uses without load",
    source="measured: a target below the baseline holds the maximum for ever",
    examine=examine_memory_target,
    nothing="no autoscaler of the manifests measures memory",
)
