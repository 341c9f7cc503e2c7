"""
The Gateway API's objects from the raw object, with the API's own defaults.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

from collections.abc import Iterator

from kubeproof.manifests.fields import Raw, namespace_of
from kubeproof.manifests.gateway import Gateway, Grant, Listener, Parent, Route, RouteBackend
from kubeproof.manifests.policy_reading import read_selector

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")


def read_route(document: Raw, namespace: str) -> Route:
    """Read a route of any protocol."""
    spec, where = document.get("spec") or {}, namespace_of(document, namespace)
    return Route(
        kind=document["kind"],
        name=document["metadata"]["name"],
        namespace=where,
        parents=tuple(
            Parent(
                kind=each.get("kind") or "Gateway",
                name=str(each["name"]),
                namespace=each.get("namespace") or where,
                place=f"spec.parentRefs[{n}]",
                section=each.get("sectionName"),
                port=each.get("port"),
            )
            for n, each in enumerate(spec.get("parentRefs") or ())
        ),
        backends=tuple(_backend(each, where, place) for place, each in _backends(spec)),
        hosts=tuple(map(str, spec.get("hostnames") or ())),
    )


def _backends(spec: Raw) -> Iterator[tuple[str, Raw]]:
    """What each rule sends to, and what a filter of it sends a copy to."""
    for n, rule in enumerate(spec.get("rules") or ()):
        refs = [(f"spec.rules[{n}].backendRefs[{m}]", each) for m, each in enumerate(rule.get("backendRefs") or ())]
        yield from refs
        for above, filtering in ((f"spec.rules[{n}]", rule), *refs):
            for m, each in enumerate(filtering.get("filters") or ()):
                if each.get("requestMirror"):
                    yield f"{above}.filters[{m}].requestMirror.backendRef", each["requestMirror"]["backendRef"]


def _backend(raw: Raw, namespace: str, place: str) -> RouteBackend:
    return RouteBackend(
        kind=raw.get("kind") or "Service",
        name=raw["name"],
        namespace=raw.get("namespace") or namespace,
        place=place,
        port=raw.get("port"),
    )


def read_gateway(document: Raw, namespace: str) -> Gateway:
    """Read a Gateway."""
    return Gateway(
        name=document["metadata"]["name"],
        namespace=namespace_of(document, namespace),
        listeners=tuple(
            _listener(each, f"spec.listeners[{n}]") for n, each in enumerate(document["spec"].get("listeners") or ())
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


def read_grant(document: Raw, namespace: str) -> Grant:
    """Read a ReferenceGrant."""
    spec = document["spec"]
    return Grant(
        namespace=namespace_of(document, namespace),
        sources=tuple((each["kind"], each["namespace"]) for each in spec.get("from") or ()),
        targets=tuple((each["kind"], each.get("name") or None) for each in spec.get("to") or ()),
    )
