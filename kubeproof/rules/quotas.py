"""Room for pods: quotas that admit the worst hour, budgets that let a node be drained, rollouts that lose nothing."""

from collections.abc import Iterator
from fractions import Fraction

from kubeproof.manifests.objects import Budget, Quota
from kubeproof.manifests.quantities import amount, share
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import PODS, Finding, Rule, broken, judged, titled, untold
from kubeproof.rules.selection import selects

# What a ResourceQuota counts of pods, by the side of a container's resources it sums.
_COUNTED = {
    "cpu": ("requests", "cpu"),
    "memory": ("requests", "memory"),
    "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"),
    "limits.cpu": ("limits", "cpu"),
    "limits.memory": ("limits", "memory"),
}
_STORED = ("persistentvolumeclaims", "requests.storage")
# The kinds of Services that it counts; a load balancer has a node port, too.
_SERVED = {
    "services": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    "services.nodeports": ("NodePort", "LoadBalancer"),
    "services.loadbalancers": ("LoadBalancer",),
}


def examine_quotas(system: System, profile: Profile) -> Iterator[Finding]:
    """What every quota admits beside what all workloads ask at their maximum with surge, and beside all Services."""
    del profile
    for quota in system.quotas:
        subject = titled(system, "ResourceQuota", quota)
        workloads = [each for each in system.running if each.namespace == quota.namespace]
        if quota.scoped:
            yield untold(subject, "spec.scopes", "counts some pods only", "a quota of all pods", "judge it by hand")
            continue
        for name, hard in quota.hard:
            if name in ("pods", "count/pods"):
                need = Fraction(sum(pods_at_maximum(system, each) for each in workloads))
                yield _room(subject, name, hard, need, workloads)
            elif name in _COUNTED:
                yield from _resource(system, quota, subject, name, hard, workloads)
            elif name in _STORED:
                yield _storage(system, quota, subject, name, hard, workloads)
            elif name in _SERVED:
                yield _services(system, quota, subject, name, hard)
            else:
                fix = "count by hand what the manifests and their controllers make"
                yield untold(subject, _field(name), hard, "a resource that is reckoned here", fix)


def _resource(
    system: System, quota: Quota, subject: str, name: str, hard: str, workloads: list[Workload]
) -> Iterator[Finding]:
    side, resource = _COUNTED[name]
    need = Fraction()
    for workload in workloads:
        for container in workload.lasting:
            text = system.asked(workload, container, side, resource)
            each = amount(text) if text else None
            if each is None:
                field = workload.path(f"{container.place}.resources.{side}.{resource}")
                wanted = f"a value: {quota.name} counts it, and admits no pod without"
                fix = "set it, or give a default in a LimitRange"
                owner = titled(system, workload.kind, workload)
                yield broken(owner, field, "nothing", wanted, fix, ("LimitRange",))
            else:
                need += each * pods_at_maximum(system, workload)
    yield _room(subject, name, hard, need, workloads)


def _storage(system: System, quota: Quota, subject: str, name: str, hard: str, workloads: list[Workload]) -> Finding:
    """Claims and what they ask for; a template makes one claim a replica, a volume of a pod's own one a pod."""
    claims = [(each, 1) for each in system.claims if each.namespace == quota.namespace]
    claims += [(each, _most(system, workload)) for workload in workloads for each in workload.claim_templates]
    for workload in workloads:
        pods = pods_at_maximum(system, workload)
        claims += [(volume.own, pods) for volume in workload.pod.volumes if volume.own]
    if name != "requests.storage":
        return _room(subject, name, hard, Fraction(sum(times for _, times in claims)), workloads)
    sizes = [(amount(claim.capacity or ""), times) for claim, times in claims]
    unknown = [claim.name for (claim, _), (size, _) in zip(claims, sizes, strict=True) if size is None]
    if unknown:
        found, fix = f"{hard}, and no size of {', '.join(unknown)}", "write how much storage each claim asks for"
        return untold(subject, _field(name), found, "room for every claim", fix)
    need = sum((size * times for size, times in sizes if size is not None), Fraction())
    return _room(subject, name, hard, need, workloads)


def _services(system: System, quota: Quota, subject: str, name: str, hard: str) -> Finding:
    there = [each for each in system.services if each.namespace == quota.namespace]
    counted = [each.name for each in there if each.kind in _SERVED[name]]
    room, wanted = amount(hard), f"at least {len(counted)} for {', '.join(counted) or 'no Service'}"
    ok = None if room is None else room >= len(counted)
    fix = "raise the quota, or let fewer Services ask for it: the API server refuses the others"
    return judged(ok, subject, _field(name), hard, wanted, fix)


def _room(subject: str, name: str, hard: str, need: Fraction, workloads: list[Workload]) -> Finding:
    room = amount(hard)
    who = ", ".join(each.name for each in workloads) or "nothing"
    wanted = f"at least {float(need):g} for {who} at their maximum with surge"
    fix = "raise the quota, or ask less: at the maximum pods would not be admitted"
    # Of a DaemonSet there is a pod on each node, and nothing here says how many nodes there are.
    is_least = any(each.kind == "DaemonSet" for each in workloads)
    ok = None if room is None or (is_least and room >= need) else room >= need
    return judged(ok, subject, _field(name), hard, wanted, fix)


def _field(name: str) -> str:
    return f'spec.hard["{name}"]' if "." in name or "/" in name else f"spec.hard.{name}"


def pods_at_maximum(system: System, workload: Workload) -> int:
    """How many pods a workload may have at its maximum while they are replaced; of a DaemonSet at least one."""
    most = _most(system, workload)
    if workload.kind != "Deployment" or workload.strategy.kind == "Recreate":
        return most
    return most + (share(workload.strategy.surge, most, up=True) or 0)


def examine_budgets(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PodDisruptionBudget beside the fewest replicas of what it protects."""
    del profile
    for budget in system.budgets:
        chosen = [w for w in system.running if w.namespace == budget.namespace and selects(budget.selector, w)]
        if chosen:
            yield _disruption(system, budget, chosen)


def _disruption(system: System, budget: Budget, chosen: list[Workload]) -> Finding:
    subject = titled(system, "PodDisruptionBudget", budget)
    least = sum(fewest(system, each) for each in chosen)
    names = ", ".join(each.name for each in chosen)
    wanted = f"room for one eviction of {least} replicas of {names}"
    fix = "ask for fewer, or run more replicas: as it is no node with these pods can be drained"
    lacks = ("HorizontalPodAutoscaler", *PODS)
    if budget.unavailable is not None:
        free = share(budget.unavailable, least, up=True)
        ok = None if free is None else free >= 1
        return judged(ok, subject, "spec.maxUnavailable", budget.unavailable, wanted, fix, lacks)
    if budget.minimum is None:
        return untold(subject, "spec", "neither minAvailable nor maxUnavailable", wanted, "set one of them")
    kept = share(budget.minimum, least, up=True)
    ok = None if kept is None else kept < least
    return judged(ok, subject, "spec.minAvailable", budget.minimum, wanted, fix, lacks)


def fewest(system: System, workload: Workload) -> int:
    """The fewest replicas that a workload has when all is well."""
    scaler = system.own_autoscaler(workload)
    return scaler.minimum if scaler else workload.replicas


def _most(system: System, workload: Workload) -> int:
    scaler = system.own_autoscaler(workload)
    return scaler.maximum if scaler else workload.replicas


def examine_rollouts(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload at which traffic enters: it may lose no pod before the next one serves, and each must say so."""
    for name in dict.fromkeys(each.workload for each in profile.entries):
        workload = system.workload(name)
        if workload is None:
            continue
        # A percentage rounds down: it may be nothing of the fewest pods and one of the most.
        subject, most = titled(system, workload.kind, workload), _most(system, workload)
        kind = workload.strategy.kind
        yield judged(
            kind == "RollingUpdate",
            subject,
            "spec.strategy.type",
            kind,
            "RollingUpdate",
            "replace pods one by one: Recreate ends all before the first new one starts",
        )
        if kind == "RollingUpdate":
            gone = share(workload.strategy.unavailable, most, up=False)
            found = f"{workload.strategy.unavailable}" + (f", {gone} of {most}" if gone is not None else "")
            fix = "set maxUnavailable: 0, so that each successor serves before a pod goes"
            ok = None if gone is None else gone == 0
            yield judged(ok, subject, "spec.strategy.rollingUpdate.maxUnavailable", found, "0", fix)
        field = workload.path("containers")
        ready = bool(workload.probes("readiness"))
        found, fix = "there" if ready else "no readiness probe", "give it one: without it a pod counts as ready at once"
        yield judged(ready, subject, field, found, "a readiness probe", fix)
        slept = any(each.pre_stop for each in workload.containers)
        found, fix = "there" if slept else "no preStop hook", "sleep before the signal, while endpoints forget the pod"
        yield judged(slept, subject, field, found, "a preStop hook", fix)


def examine_deadlines(system: System, profile: Profile) -> Iterator[Finding]:
    """Every rollout's deadline beside the time one pod may take to be available."""
    del profile
    for workload in system.workloads:
        if workload.kind != "Deployment":
            continue
        starts = [p.initial_delay + p.period * p.failure_threshold for p in workload.probes("startup")]
        needed = max(starts, default=0.0) + workload.min_ready
        subject, field = titled(system, "Deployment", workload), "spec.progressDeadlineSeconds"
        wanted = f"more than {needed:g} s: what the startup probe and minReadySeconds may take"
        fix = "raise the deadline: a pod that is slow and allowed to be would count as failed"
        found = f"{workload.progress_deadline:g} s"
        yield judged(workload.progress_deadline > needed, subject, field, found, wanted, fix)


RULES = (
    Rule(
        name="static.quota",
        law="the quota admits every workload at its maximum with its surge",
        source="kubernetes.io, Resource Quotas",
        examine=examine_quotas,
        nothing="the manifests declare no ResourceQuota",
    ),
    Rule(
        name="static.disruption",
        law="every PodDisruptionBudget lets at least one pod be evicted",
        source="kubernetes.io, Specifying a Disruption Budget",
        examine=examine_budgets,
        nothing="the manifests declare no PodDisruptionBudget that protects pods",
    ),
    Rule(
        name="static.no-loss",
        law="where traffic enters, each pod serves until its successor does",
        source="kubernetes.io, Deployments, Rolling Update; Container Lifecycle Hooks",
        examine=examine_rollouts,
        nothing="the profile names no entry",
    ),
    Rule(
        name="static.progress-deadline",
        law="a rollout's deadline is longer than one pod may take to become available",
        source="kubernetes.io, Deployments, Progress Deadline Seconds",
        examine=examine_deadlines,
        nothing="the manifests declare no Deployment",
    ),
)
