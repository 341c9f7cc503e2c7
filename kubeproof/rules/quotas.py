"""ResourceQuotas: each must admit every workload at its maximum, with what a rollout adds."""

from collections.abc import Iterator
from fractions import Fraction

from kubeproof.manifests.objects import Quota
from kubeproof.manifests.quantities import amount, share
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import most
from kubeproof.rules.rule import Finding, Rule, broken, judged, titled, untold

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


def examine_quota(system: System, profile: Profile) -> Iterator[Finding]:
    """What every quota admits beside what all workloads ask at their maximum with surge, and beside all Services."""
    del profile
    for quota in system.quotas:
        subject = titled(system, "ResourceQuota", quota)
        workloads = [workload for workload in system.running if workload.namespace == quota.namespace]
        if quota.scoped:
            yield untold(subject, "spec.scopes", "counts some pods only", "a quota of all pods", "judge it by hand")
            continue
        for name, hard in quota.hard:
            if name in ("pods", "count/pods"):
                need = Fraction(sum(pods_at_maximum(system, workload) for workload in workloads))
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
            asked = amount(text) if text else None
            if asked is None:
                field = workload.path(f"{container.place}.resources.{side}.{resource}")
                wanted = f"a value: {quota.name} counts it, and admits no pod without"
                fix = "set it, or give a default in a LimitRange"
                owner = titled(system, workload.kind, workload)
                yield broken(owner, field, "nothing", wanted, fix, ("LimitRange",))
            else:
                need += asked * pods_at_maximum(system, workload)
    yield _room(subject, name, hard, need, workloads)


def _storage(system: System, quota: Quota, subject: str, name: str, hard: str, workloads: list[Workload]) -> Finding:
    """Claims and what they ask for; a template makes one claim a replica, a volume of a pod's own one a pod."""
    claims = [(claim, 1) for claim in system.claims if claim.namespace == quota.namespace]
    claims += [(claim, most(system, workload)) for workload in workloads for claim in workload.claim_templates]
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
    there = [service for service in system.services if service.namespace == quota.namespace]
    counted = [service.name for service in there if service.kind in _SERVED[name]]
    room, wanted = amount(hard), f"at least {len(counted)} for {', '.join(counted) or 'no Service'}"
    ok = None if room is None else room >= len(counted)
    fix = "raise the quota, or let fewer Services ask for it: the API server refuses the others"
    return judged(ok, subject, _field(name), hard, wanted, fix)


def _room(subject: str, name: str, hard: str, need: Fraction, workloads: list[Workload]) -> Finding:
    room = amount(hard)
    who = ", ".join(workload.name for workload in workloads) or "nothing"
    wanted = f"at least {float(need):g} for {who} at their maximum with surge"
    fix = "raise the quota, or ask less: at the maximum pods would not be admitted"
    # Of a DaemonSet there is a pod on each node, and nothing here says how many nodes there are.
    is_least = any(workload.kind == "DaemonSet" for workload in workloads)
    ok = None if room is None or (is_least and room >= need) else room >= need
    return judged(ok, subject, _field(name), hard, wanted, fix)


def _field(name: str) -> str:
    return f'spec.hard["{name}"]' if "." in name or "/" in name else f"spec.hard.{name}"


def pods_at_maximum(system: System, workload: Workload) -> int:
    """How many pods a workload may have at its maximum while they are replaced; of a DaemonSet at least one."""
    top = most(system, workload)
    if workload.kind != "Deployment" or workload.strategy.kind == "Recreate":
        return top
    return top + (share(workload.strategy.surge, top, up=True) or 0)


QUOTA = Rule(
    name="static.quota",
    law="the quota admits every workload at its maximum with its surge",
    source="kubernetes.io, Resource Quotas",
    examine=examine_quota,
    nothing="the manifests declare no ResourceQuota",
)
