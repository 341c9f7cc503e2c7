"""What a careful operator expects of any system, whatever its intent: probes, requests, budgets, spread."""

from collections import Counter
from collections.abc import Iterator

from kubeproof.manifests.containers import Container
from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.capacity import fewest
from kubeproof.rules.rule import Finding, Rule, Severity, broken, holds, judged, titled
from kubeproof.rules.selection import selects

# What the scheduler places a pod by, and what keeps one container from taking the memory of all.
_ASKED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


def _served(system: System) -> Iterator[tuple[str, Workload]]:
    """What runs on behind a Service, with its title."""
    for workload in system.workloads:
        if system.services_of(workload):
            yield titled(system, workload.kind, workload), workload


def examine_readiness(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload behind a Service."""
    del profile
    for subject, workload in _served(system):
        ok = bool(workload.probes("readiness"))
        found = "there" if ok else "no readiness probe"
        fix = "give it one: without it the Service sends requests to a pod from its first moment to its last"
        yield judged(ok, subject, workload.path("containers"), found, "a readiness probe", fix)


def examine_cover(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload of several replicas behind a Service."""
    del profile
    for subject, workload in _served(system):
        least = fewest(system, workload)
        if least < 2:
            continue
        budgets = [
            b.name for b in system.budgets if b.namespace == workload.namespace and selects(b.selector, workload)
        ]
        found = ", ".join(budgets) or f"none, with {least} replicas or more"
        fix = "declare one: without it a node's drain may evict all of them at once"
        yield judged(bool(budgets), subject, "", found, "a PodDisruptionBudget", fix, ("PodDisruptionBudget",))


def examine_spread(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload of several replicas behind a Service: whether anything keeps its pods apart."""
    del profile
    for subject, workload in _served(system):
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


def examine_requests(system: System, profile: Profile) -> Iterator[Finding]:
    """What every container asks for and may not exceed; a LimitRange may say it for all."""
    del profile
    for workload in system.running:
        for container in workload.lasting:
            for side, resource in _ASKED:
                yield _asked(system, workload, container, side, resource)
            yield from _beyond(system, workload, container)


def _asked(system: System, workload: Workload, container: Container, side: str, resource: str) -> Finding:
    given = system.asked(workload, container, side, resource)
    field = workload.path(f"{container.place}.resources.{side}.{resource}")
    fix = "set it, or give a default in a LimitRange"
    subject, found = titled(system, workload.kind, workload), given or "nothing"
    return judged(given is not None, subject, field, found, "a quantity", fix, ("LimitRange",))


def _beyond(system: System, workload: Workload, container: Container) -> Iterator[Finding]:
    """What is asked for although it is more than the limit: the API server refuses it."""
    for resource, limit in container.limits:
        asked = system.asked(workload, container, "requests", resource)
        most, least = amount(limit), amount(asked or "")
        if most is not None and least is not None and least > most:
            field = workload.path(f"{container.place}.resources.requests.{resource}")
            subject, wanted = titled(system, workload.kind, workload), f"at most the limit, {limit}"
            yield broken(subject, field, asked, wanted, "ask for less, or raise the limit: no such pod is admitted")


def examine_variables(system: System, profile: Profile) -> Iterator[Finding]:
    """Every variable of every container."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            subject, wanted = titled(system, workload.kind, workload), "each variable once"
            times = Counter(each.name for each in container.variables)
            last = {each.name: each for each in container.variables}
            for name, count in times.items():
                field = workload.path(last[name].place)
                fix = "remove all but one: the last wins, in silence"
                yield judged(count == 1, subject, field, f"{name} {count} times", wanted, fix)
            if not times:
                yield holds(subject, workload.path(container.place), "no variables", wanted)


SERVED = "no workload of several replicas stands behind a Service"

RULES = (
    Rule(
        name="static.readiness",
        law="every workload behind a Service says when it is ready",
        source="kubernetes.io, Configure Liveness, Readiness and Startup Probes",
        examine=examine_readiness,
        nothing="no workload stands behind a Service",
    ),
    Rule(
        name="static.disruption-budget",
        law="every workload of several replicas behind a Service has a PodDisruptionBudget",
        source="kubernetes.io, Disruptions",
        examine=examine_cover,
        nothing=SERVED,
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.spread",
        law="the replicas of a workload behind a Service are kept on different nodes where there are several",
        source="kubernetes.io, Pod Topology Spread Constraints; Assigning Pods to Nodes",
        examine=examine_spread,
        nothing=SERVED,
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.requests",
        law="every container requests CPU and memory, no more than its limits, and has a limit on its memory",
        source="kubernetes.io, Resource Management for Pods and Containers",
        examine=examine_requests,
        nothing="nothing in the manifests makes pods",
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.variables-once",
        law="no container is given a variable twice",
        source="kubernetes.io, Define Environment Variables for a Container",
        examine=examine_variables,
        nothing="nothing in the manifests makes pods",
        severity=Severity.WARNING,
    ),
)
