"""
Where traffic from outside is led: the Services behind Ingress and Gateway API routes, and the Gateways of the latter.

What somebody else makes is named in the profile's `provided`. Of a namespace that the manifests put nothing into,
nobody can tell here what is in it.
"""

from collections.abc import Iterator
from dataclasses import replace

from kubeproof.manifests.gateway import Gateway, Listener, Parent, Route, RouteBackend
from kubeproof.manifests.objects import Service
from kubeproof.manifests.routes import includes
from kubeproof.manifests.system import System
from kubeproof.netpol.endpoints import NAME_LABEL
from kubeproof.netpol.matching import Answer, Match, any_of, selected
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged, titled, untold


def examine_ingresses(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service and port that an Ingress sends to, and the Secrets of its certificates."""
    for ingress in system.ingresses:
        subject = titled(system, "Ingress", ingress)
        for backend in ingress.backends:
            service = system.service_in(ingress.namespace, backend.service)
            if service is None:
                yield _no_service(system, profile, subject, f"{backend.place}.name", ingress.namespace, backend.service)
            else:
                yield _port(subject, f"{backend.place}.port", service, backend.port)
        for secret, field in ingress.secrets:
            declared = system.config("Secret", secret, ingress.namespace) or f"Secret/{secret}" in profile.provided
            fix = "declare the Secret, or name it in the profile's `provided`"
            yield judged(True if declared else None, subject, field, secret, "a Secret that is there", fix)


def examine_backends(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service and port that a route of the Gateway API sends to; backends of other kinds are extensions."""
    for route in system.routes:
        subject = titled(system, route.kind, route)
        for backend in route.backends:
            if backend.kind != "Service":
                continue
            if backend.namespace != route.namespace:
                yield _grant(system, subject, route, backend)
            service = system.service_in(backend.namespace, backend.name)
            if service is None:
                yield _no_service(system, profile, subject, f"{backend.place}.name", backend.namespace, backend.name)
            else:
                yield _port(subject, f"{backend.place}.port", service, backend.port)


def _no_service(system: System, profile: Profile, subject: str, field: str, namespace: str, name: str) -> Finding:
    service, known = f"Service/{name}", [each.name for each in system.services if each.namespace == namespace]
    wanted = f"{service} in namespace {namespace}"
    if service in profile.provided:
        return holds(subject, field, f"{service}, made by somebody else", wanted)
    if namespace not in system.own_namespaces:
        fix = f"name {service} in the profile's `provided`"
        return untold(subject, field, f"nothing of namespace {namespace} is among the manifests", wanted, fix)
    fix = f"declare {service}, or send to one that is there"
    return broken(subject, field, f"Services {', '.join(known) or 'none'}", wanted, fix, (service,))


def _port(subject: str, field: str, service: Service, port: int | str | None) -> Finding:
    ports = [f"{each.port}" + (f" ({each.name})" if each.name else "") for each in service.ports]
    found, fix = f"ports {', '.join(ports) or 'none'}", f"use a port of Service/{service.name}"
    if port is None:
        return broken(subject, field, "nothing", f"one of the Service's {found}", fix)
    known = any(port in (each.port, each.name) for each in service.ports)
    # A name of the DNS may be declared without ports: controllers differ in whether they lead there all the same.
    ok = None if service.kind == "ExternalName" and not service.ports else known
    return judged(ok, subject, field, found, f"port {port}", fix)


def _grant(system: System, subject: str, route: Route, backend: RouteBackend) -> Finding:
    wanted = f"a ReferenceGrant in {backend.namespace} for {route.kind} of {route.namespace}"
    field = f"{backend.place}.namespace"
    if any(grant.admits(route, backend) for grant in system.grants):
        return holds(subject, field, "granted", wanted)
    fix = f"declare it in {backend.namespace}, or send to a Service of {route.namespace}"
    if backend.namespace in system.own_namespaces:
        return broken(subject, field, "no such grant", wanted, fix, ("ReferenceGrant",))
    return untold(subject, field, "no such grant among the manifests", wanted, fix)


def examine_parents(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Gateway that a route attaches to, and the listeners of it that take the route."""
    for route in system.routes:
        subject = titled(system, route.kind, route)
        for parent in route.parents:
            if parent.kind == "Gateway":
                gateway = system.gateway_in(parent.namespace, parent.name)
                there = gateway and _attached(system, subject, route, parent, gateway)
                yield there or _no_gateway(system, profile, subject, parent)
        if not route.parents:
            yield broken(subject, "spec.parentRefs", "nothing", "a Gateway", "name one: without it nobody is led here")


def _no_gateway(system: System, profile: Profile, subject: str, parent: Parent) -> Finding:
    gateway, field = f"Gateway/{parent.name}", f"{parent.place}.name"
    wanted = f"{gateway} in namespace {parent.namespace}"
    if gateway in profile.provided:
        return holds(subject, field, f"{gateway}, made by somebody else", wanted)
    fix = f"declare {gateway}, or name it in the profile's `provided`"
    if parent.namespace not in system.own_namespaces:
        return untold(subject, field, f"nothing of namespace {parent.namespace} is among the manifests", wanted, fix)
    return broken(subject, field, f"no {gateway} among the manifests", wanted, fix, (gateway,))


def _attached(system: System, subject: str, route: Route, parent: Parent, gateway: Gateway) -> Finding:
    answers = {listener.name: _takes(system, route, parent, gateway, listener) for listener in gateway.listeners}
    best = any_of(answers.values()).match
    found = "; ".join(f"{name} {answer.says}" for name, answer in answers.items() if answer.match is best)
    wanted = f"a listener of {titled(system, 'Gateway', gateway)} that takes {route.kind} {route.name}"
    fix = "name a listener that is there, and let it take the route's namespace and one of its hosts"
    ok = {Match.YES: True, Match.MAYBE: None, Match.NO: False}[best]
    return judged(ok, subject, parent.place, found or "no listener", wanted, fix)


def _takes(system: System, route: Route, parent: Parent, gateway: Gateway, listener: Listener) -> Answer:
    """Whether a listener takes a route: it is meant, admits the route's namespace, and has a host of the route."""
    if parent.section not in (None, listener.name) or parent.port not in (None, listener.port):
        return Answer(Match.NO, f"on port {listener.port} is not the one that is named")
    if route.hosts and listener.host and not any(_share(listener.host, host) for host in route.hosts):
        return Answer(Match.NO, f"is for {listener.host}, not for {', '.join(route.hosts)}")
    if listener.admits == "Selector" and listener.selector:
        labels = (*system.namespace_labels(route.namespace), (NAME_LABEL, route.namespace))
        known = any(each.name == route.namespace for each in system.namespaces)
        answer = selected(listener.selector, labels, known=known, owner=f"namespace {route.namespace}")
        return replace(answer, says=answer.says or f"takes routes of namespaces with {listener.selector}")
    if listener.admits == "All" or (listener.admits == "Same" and route.namespace == gateway.namespace):
        return Answer(Match.YES, "takes it")
    return Answer(Match.NO, f"takes routes of {'no' if listener.admits == 'None' else 'its own'} namespace")


def _share(one: str, other: str) -> bool:
    return one == other or includes(one, other) or includes(other, one)


RULES = (
    Rule(
        name="static.ingress-backends",
        law="every backend of an Ingress is a Service that is there, at a port that it has",
        source="kubernetes.io, Ingress",
        examine=examine_ingresses,
        nothing="the manifests declare no Ingress",
    ),
    Rule(
        name="static.route-backends",
        law="every backend of a Gateway API route is a Service that is there, at a port that it has, and may be used",
        source="gateway-api.sigs.k8s.io, HTTPRoute, Backend references; ReferenceGrant",
        examine=examine_backends,
        nothing="no route of the manifests sends to a Service",
    ),
    Rule(
        name="static.route-parents",
        law="every Gateway API route is attached to a Gateway that is there, at a listener that takes it",
        source="gateway-api.sigs.k8s.io, HTTPRoute, Attaching to Gateways",
        examine=examine_parents,
        nothing="the manifests declare no route of the Gateway API",
    ),
)
