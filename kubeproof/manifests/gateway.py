"""
The Gateway API as far as references go: routes, the Gateways they attach to, the grants that let them cross namespaces.

Every reference has its field, `place`, and the namespace it leads to, which is the route's when it names none.
A `read_` function reads the raw object with the API's own defaults, and raises KeyError, TypeError, AttributeError or
ValueError on what is no such object; `reading` names the object. Source: gateway-api.sigs.k8s.io, API reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kubeproof.manifests.fields import Raw, namespace_of
from kubeproof.manifests.policies import Selector
from kubeproof.manifests.policy_reading import read_selector

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")


@dataclass(frozen=True)
class Parent:
    """What a route attaches to: all listeners of a Gateway, or those of this name (`section`) and port."""

    kind: str
    name: str
    namespace: str
    place: str
    section: str | None = None
    port: int | None = None


@dataclass(frozen=True)
class RouteBackend:
    """What a route sends to; None for a port that is not set."""

    kind: str
    name: str
    namespace: str
    place: str
    port: int | None = None


@dataclass(frozen=True)
class Route:
    """An HTTPRoute, or a route of another protocol; without `hosts` it is for any."""

    kind: str
    name: str
    namespace: str
    parents: tuple[Parent, ...] = ()
    backends: tuple[RouteBackend, ...] = ()
    hosts: tuple[str, ...] = ()


def read_route(document: Raw, namespace: str) -> Route:
    """Read a route of any protocol."""
    spec, where = document.get("spec") or {}, namespace_of(document, namespace)
    return Route(
        kind=document["kind"],
        name=document["metadata"]["name"],
        namespace=where,
        parents=tuple(
            Parent(
                kind=parent.get("kind") or "Gateway",
                name=str(parent["name"]),
                namespace=parent.get("namespace") or where,
                place=f"spec.parentRefs[{n}]",
                section=parent.get("sectionName"),
                port=parent.get("port"),
            )
            for n, parent in enumerate(spec.get("parentRefs") or ())
        ),
        backends=tuple(_backend(backend, where, place) for place, backend in _backends(spec)),
        hosts=tuple(map(str, spec.get("hostnames") or ())),
    )


def _backends(spec: Raw) -> Iterator[tuple[str, Raw]]:
    """What each rule sends to, and what a filter of it sends a copy to."""
    for n, rule in enumerate(spec.get("rules") or ()):
        refs = [
            (f"spec.rules[{n}].backendRefs[{m}]", backend) for m, backend in enumerate(rule.get("backendRefs") or ())
        ]
        yield from refs
        for above, filtering in ((f"spec.rules[{n}]", rule), *refs):
            for m, route_filter in enumerate(filtering.get("filters") or ()):
                if route_filter.get("requestMirror"):
                    yield f"{above}.filters[{m}].requestMirror.backendRef", route_filter["requestMirror"]["backendRef"]


def _backend(raw: Raw, namespace: str, place: str) -> RouteBackend:
    return RouteBackend(
        kind=raw.get("kind") or "Service",
        name=raw["name"],
        namespace=raw.get("namespace") or namespace,
        place=place,
        port=raw.get("port"),
    )


@dataclass(frozen=True)
class Listener:
    """A listener of a Gateway; `admits` is the namespaces it takes routes from: Same, All, None or Selector."""

    name: str
    port: int
    host: str | None = None
    admits: str = "Same"
    selector: Selector | None = None


@dataclass(frozen=True)
class Gateway:
    """A Gateway."""

    name: str
    namespace: str
    listeners: tuple[Listener, ...] = ()


def read_gateway(document: Raw, namespace: str) -> Gateway:
    """Read a Gateway."""
    return Gateway(
        name=document["metadata"]["name"],
        namespace=namespace_of(document, namespace),
        listeners=tuple(
            _listener(listener, f"spec.listeners[{n}]")
            for n, listener in enumerate(document["spec"].get("listeners") or ())
        ),
    )


def _listener(raw: Raw, place: str) -> Listener:
    namespaces = (raw.get("allowedRoutes") or {}).get("namespaces") or {}
    selector = namespaces.get("selector")
    return Listener(
        name=str(raw["name"]),
        port=int(raw["port"]),
        host=str(raw["hostname"]) if raw.get("hostname") else None,
        admits=namespaces.get("from") or "Same",
        selector=read_selector(selector, f"{place}.allowedRoutes.namespaces.selector") if selector else None,
    )


@dataclass(frozen=True)
class Grant:
    """
    A ReferenceGrant: objects of these kinds in these namespaces may refer to its namespace's of those kinds.

    `sources` are (kind, namespace), `targets` (kind, name), where None stands for every name.
    """

    namespace: str
    sources: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, str | None], ...]

    def admits(self, route: Route, backend: RouteBackend) -> bool:
        """Whether this grant lets a route refer to a backend."""
        wanted = ((backend.kind, None), (backend.kind, backend.name))
        return (
            self.namespace == backend.namespace
            and (route.kind, route.namespace) in self.sources
            and any(target in self.targets for target in wanted)
        )


def read_grant(document: Raw, namespace: str) -> Grant:
    """Read a ReferenceGrant."""
    spec = document["spec"]
    return Grant(
        namespace=namespace_of(document, namespace),
        sources=tuple((source["kind"], source["namespace"]) for source in spec.get("from") or ()),
        targets=tuple((target["kind"], target.get("name") or None) for target in spec.get("to") or ()),
    )
