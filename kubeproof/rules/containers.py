"""Containers: images that stay what they are, what is asked for and may be used, variables."""

from collections import Counter
from collections.abc import Iterator

from kubeproof.manifests.containers import Container
from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import NO_PODS, Finding, Rule, Severity, broken, holds, judged, titled


def examine_images_fixed(system: System, profile: Profile) -> Iterator[Finding]:
    """Every image."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            field, wanted = workload.path(f"{container.place}.image"), "a tag other than latest, or a digest"
            fix = "name the version: what `latest` is differs from node to node and from day to day"
            subject, ok = titled(system, workload.kind, workload), _is_fixed(container.image)
            yield judged(ok, subject, field, container.image or "nothing", wanted, fix)


def _is_fixed(image: str) -> bool:
    if "@sha256:" in image:
        return True
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag not in ("", "latest")


IMAGES_FIXED = Rule(
    name="static.images-fixed",
    law="every image is named by an explicit tag or a digest",
    source="kubernetes.io, Images",
    examine=examine_images_fixed,
    nothing=NO_PODS,
)


# What the scheduler places a pod by, and what keeps one container from taking the memory of all.
_ASKED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


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


REQUESTS = Rule(
    name="static.requests",
    law="every container requests CPU and memory, no more than its limits, and has a limit on its memory",
    source="kubernetes.io, Resource Management for Pods and Containers",
    examine=examine_requests,
    nothing=NO_PODS,
    severity=Severity.WARNING,
)


def examine_variables_once(system: System, profile: Profile) -> Iterator[Finding]:
    """Every variable of every container."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            subject, wanted = titled(system, workload.kind, workload), "each variable once"
            times = Counter(variable.name for variable in container.variables)
            last = {variable.name: variable for variable in container.variables}
            for name, count in times.items():
                field = workload.path(last[name].place)
                fix = "remove all but one: the last wins, in silence"
                yield judged(count == 1, subject, field, f"{name} {count} times", wanted, fix)
            if not times:
                yield holds(subject, workload.path(container.place), "no variables", wanted)


VARIABLES_ONCE = Rule(
    name="static.variables-once",
    law="no container is given a variable twice",
    source="kubernetes.io, Define Environment Variables for a Container",
    examine=examine_variables_once,
    nothing=NO_PODS,
    severity=Severity.WARNING,
)
