"""Services: each leads to pods and their ports, has each port once, and is there for whoever names it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from kubeproof.manifests.objects import Service, ServicePort
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import listed
from kubeproof.rules.rule import PODS, Finding, Rule, broken, holds, judged, titled, untold


def examine_service_backends(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service that selects, and each of its ports; one of kind ExternalName leads out of the cluster."""
    del profile
    for service in system.services:
        if service.kind == "ExternalName" or not service.selector:
            continue
        subject, behind = titled(system, "Service", service), system.behind(service)
        wanted = ", ".join(f"{key}={value}" for key, value in service.selector)
        if not behind:
            there = [workload for workload in system.running if workload.namespace == service.namespace]
            labels = sorted({f"{workload.name} has {dict(workload.labels)}" for workload in there})
            fix = f"give the pods these labels, or select others; {'; '.join(labels) or 'nothing makes pods there'}"
            yield broken(subject, "spec.selector", "selects no pod of the manifests", f"pods with {wanted}", fix, PODS)
            continue
        found = f"selects {', '.join(workload.name for workload in behind)}"
        yield holds(subject, "spec.selector", found, f"pods with {wanted}")
        for n, port in enumerate(service.ports):
            yield from (_target(subject, f"spec.ports[{n}].targetPort", port, workload) for workload in behind)


def _target(subject: str, field: str, port: ServicePort, workload: Workload) -> Finding:
    ports = [one for one in workload.ports if one.protocol == port.protocol]
    known = listed((one.number, one.name) for one in ports)
    found = f"{workload.name} has {port.protocol} ports {known}" if ports else f"{workload.name} declares no ports"
    wanted = f"{port.protocol} port {port.target}"
    fix = "lead to a port that a container declares, or declare it there"
    if any(port.target in (one.name, one.number) for one in ports):
        return holds(subject, field, found, wanted)
    # A number may be listened on without being declared; a name that is not declared leads nowhere.
    return judged(None if isinstance(port.target, int) else False, subject, field, found, wanted, fix)


SERVICE_BACKENDS = Rule(
    name="static.service-backends",
    law="every Service selects pods, and each of its ports leads to a port of theirs",
    source="kubernetes.io, Service",
    examine=examine_service_backends,
    nothing="no Service of the manifests selects pods",
)


def examine_ports_once(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service's ports, and those of the containers that run together in a pod."""
    del profile
    for service in system.services:
        own = [f"{port.protocol} {port.port}" for port in service.ports]
        own += [f"the name {port.name}" for port in service.ports if port.name]
        yield from _once(titled(system, "Service", service), "spec.ports", own)
    for workload in system.running:
        # One container may give one port two names; two containers cannot both listen on it.
        own = [taken for one in workload.lasting for taken in {f"{port.protocol} {port.number}" for port in one.ports}]
        own += [f"the name {port.name}" for port in workload.ports if port.name]
        yield from _once(titled(system, workload.kind, workload), workload.path("containers"), own)


def _once(subject: str, field: str, taken: Iterable[str]) -> Iterator[Finding]:
    twice = [duplicate for duplicate, times in Counter(taken).items() if times > 1]
    wanted, fix = "each port and each name once", "remove one, or give it another number or name"
    for duplicate in twice:
        yield broken(subject, field, f"{duplicate} twice", wanted, fix)
    if not twice:
        yield holds(subject, field, "none twice", wanted)


PORTS_ONCE = Rule(
    name="static.ports-once",
    law="no Service and no pod has a port, or the name of one, twice",
    source="kubernetes/kubernetes, pkg/apis/core/validation: ValidateService, validateContainerPorts",
    examine=examine_ports_once,
    nothing="there is no Service, and nothing makes pods",
)


def examine_governing_service(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service that gives the pods of a StatefulSet their names."""
    del profile
    for workload in system.workloads:
        name = workload.governing_service
        if name:
            services = [service for service in system.services if service.namespace == workload.namespace]
            subject, ok = titled(system, workload.kind, workload), any(service.name == name for service in services)
            found, lacks, fix = name if ok else f"no Service/{name}", (f"Service/{name}",), f"declare Service/{name}"
            yield judged(ok, subject, "spec.serviceName", found, "a Service that is declared", fix, lacks)


GOVERNING_SERVICE = Rule(
    name="static.governing-service",
    law="the Service that names a StatefulSet's pods is there",
    source="kubernetes.io, StatefulSets, Stable Network ID",
    examine=examine_governing_service,
    nothing="no StatefulSet names a Service",
)


def sent_to(
    system: System, profile: Profile, subject: str, place: str, namespace: str, name: str, port: int | str | None
) -> Finding:
    """What becomes of traffic that a field of an object sends to a Service, whatever that object is."""
    service = system.service_in(namespace, name)
    if service is None:
        return _no_service(system, profile, subject, f"{place}.name", namespace, name)
    return _port(subject, f"{place}.port", service, port)


def _no_service(system: System, profile: Profile, subject: str, field: str, namespace: str, name: str) -> Finding:
    service, known = f"Service/{name}", [one.name for one in system.services if one.namespace == namespace]
    wanted = f"{service} in namespace {namespace}"
    if service in profile.provided:
        return holds(subject, field, f"{service}, made by somebody else", wanted)
    if namespace not in system.own_namespaces:
        fix = f"name {service} in the profile's `provided`"
        return untold(subject, field, f"nothing of namespace {namespace} is among the manifests", wanted, fix)
    fix = f"declare {service}, or send to one that is there"
    return broken(subject, field, f"Services {', '.join(known) or 'none'}", wanted, fix, (service,))


def _port(subject: str, field: str, service: Service, port: int | str | None) -> Finding:
    ports = listed((offered.port, offered.name) for offered in service.ports)
    found, fix = f"ports {ports or 'none'}", f"use a port of Service/{service.name}"
    if port is None:
        return broken(subject, field, "nothing", f"one of the Service's {found}", fix)
    known = any(port in (offered.port, offered.name) for offered in service.ports)
    # A name of the DNS may be declared without ports: controllers differ in whether they lead there all the same.
    ok = None if service.kind == "ExternalName" and not service.ports else known
    return judged(ok, subject, field, found, f"port {port}", fix)
