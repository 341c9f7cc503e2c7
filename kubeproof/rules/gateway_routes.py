"""
Routes of the Gateway API: the Services that they send to, and the Gateways that they hang on.

What somebody else makes is named in the profile's `provided`. Of a namespace that the manifests put nothing into,
nobody can tell here what is in it.
"""

from collections.abc import Iterator
from dataclasses import replace

from kubeproof.manifests.gateway import Gateway, Listener, Parent, Route, RouteBackend
from kubeproof.manifests.routes import includes
from kubeproof.manifests.system import System
from kubeproof.netpol.endpoints import NAME_LABEL
from kubeproof.netpol.matching import Answer, Match, any_of, selected
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged, titled, untold
from kubeproof.rules.services import sent_to


def examine_route_backends(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service and port that a route of the Gateway API sends to; backends of other kinds are extensions."""
    for route in system.routes:
        subject = titled(system, route.kind, route)
        for backend in route.backends:
            if backend.kind != "Service":
                continue
            if backend.namespace != route.namespace:
                yield _grant(system, subject, route, backend)
            yield sent_to(system, profile, subject, backend.place, backend.namespace, backend.name, backend.port)


def _grant(system: System, subject: str, route: Route, backend: RouteBackend) -> Finding:
    wanted = f"a ReferenceGrant in {backend.namespace} for {route.kind} of {route.namespace}"
    field = f"{backend.place}.namespace"
    if any(grant.admits(route, backend) for grant in system.grants):
        return holds(subject, field, "granted", wanted)
    fix = f"declare it in {backend.namespace}, or send to a Service of {route.namespace}"
    if backend.namespace in system.own_namespaces:
        return broken(subject, field, "no such grant", wanted, fix, ("ReferenceGrant",))
    return untold(subject, field, "no such grant among the manifests", wanted, fix)


ROUTE_BACKENDS = Rule(
    name="static.route-backends",
    law="every backend of a Gateway API route is a Service that is there, at a port that it has, and may be used",
    source="gateway-api.sigs.k8s.io, HTTPRoute, Backend references; ReferenceGrant",
    examine=examine_route_backends,
    nothing="no route of the manifests sends to a Service",
)


def examine_route_parents(system: System, profile: Profile) -> Iterator[Finding]:
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
    found = "; ".join(f"{name} {answer.reason}" for name, answer in answers.items() if answer.match is best)
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
        known = any(namespace.name == route.namespace for namespace in system.namespaces)
        answer = selected(listener.selector, labels, known=known, owner=f"namespace {route.namespace}")
        return replace(answer, reason=answer.reason or f"takes routes of namespaces with {listener.selector}")
    if listener.admits == "All" or (listener.admits == "Same" and route.namespace == gateway.namespace):
        return Answer(Match.YES, "takes it")
    return Answer(Match.NO, f"takes routes of {'no' if listener.admits == 'None' else 'its own'} namespace")


def _share(one: str, other: str) -> bool:
    return one == other or includes(one, other) or includes(other, one)


ROUTE_PARENTS = Rule(
    name="static.route-parents",
    law="every Gateway API route is attached to a Gateway that is there, at a listener that takes it",
    source="gateway-api.sigs.k8s.io, HTTPRoute, Attaching to Gateways",
    examine=examine_route_parents,
    nothing="the manifests declare no route of the Gateway API",
)
