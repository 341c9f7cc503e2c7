"""
Which host and path leads to which Service: Ingress and HTTPRoute objects, read into one kind of rule.

`read_rules` gives the rules of one kind, `requests` the plain GETs that show whether a host's rules hold: for each
rule its own path, a path below it and one beside it; and one that no rule names. Where a request must end up is
computed from all rules of the kind together, as the two specifications say: the most specific host, then the exact
path, then the longest prefix.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

INGRESS, HTTP_ROUTE = "Ingress", "HTTPRoute"
GROUPS = {INGRESS: "networking.k8s.io", HTTP_ROUTE: "gateway.networking.k8s.io"}
ANY_HOST = "any host"
OTHER_HOST = "any other host"
# A path that nobody declares.
NOWHERE = "kubeproof-nowhere"


@dataclass(frozen=True)
class RouteRule:
    """
    A request for `host` and a path that matches is answered by one of the `services`.

    `owner` is the object that it is part of, `match` is Exact, Prefix or Pattern; `unseen` is the reason why no plain
    GET can show this rule, empty when one can.
    """

    owner: str
    host: str
    path: str
    match: str
    services: tuple[str, ...]
    unseen: str = ""


@dataclass(frozen=True)
class Request:
    """
    A request by way of the address of `owner`, and the Services of which one must answer; none: it must be 404.

    What shows a rule is a plain GET; an entry of the profile may be another, and its JSON `body` is not hashable.
    """

    owner: str
    host: str
    path: str
    services: tuple[str, ...]
    method: str = "GET"
    body: Any = None

    @property
    def is_own(self) -> bool:
        """Whether somebody declared this path; else it is one that we made up to look below or beside it."""
        return NOWHERE not in self.path


def read_rules(documents: Iterable[Mapping[str, Any]], kind: str) -> tuple[RouteRule, ...]:
    """The rules of all objects of a kind, INGRESS or HTTP_ROUTE."""
    read = {INGRESS: _ingress, HTTP_ROUTE: _route}[kind]
    return tuple(rule for document in documents if is_kind(document, kind) for rule in read(document))


def is_kind(document: Mapping[str, Any], kind: str) -> bool:
    """Whether a document is of this kind of Kubernetes, and not another project's of the same name."""
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    return document["kind"] == kind and group in ("", GROUPS[kind])


def hosts(rules: Iterable[RouteRule]) -> tuple[str, ...]:
    """The hosts that rules name, in order, and OTHER_HOST when a request for another must not be answered."""
    found = tuple(dict.fromkeys(rule.host for rule in rules))
    return (*found, OTHER_HOST) if found and ANY_HOST not in found else found


def requests(rules: tuple[RouteRule, ...], host: str) -> tuple[Request, ...]:
    """The requests that show whether the rules of one host hold."""
    if host == OTHER_HOST:
        owners = dict.fromkeys(rule.owner for rule in rules)
        return tuple(Request(owner, host, f"/{NOWHERE}", ()) for owner in owners)
    mine = [rule for rule in rules if rule.host == host]
    found: dict[str, Request] = {}
    for rule in mine:
        for path in _paths(rule, alone=any(other.unseen for other in mine)):
            services = destination(rules, host, path)
            if services is not None:
                found.setdefault(path, Request(rule.owner, host, path, services))
    return tuple(found.values())


def destination(rules: Iterable[RouteRule], host: str, path: str) -> tuple[str, ...] | None:
    """The Services behind a host's path, empty for none; None where the specifications leave it open."""
    mine = [rule for rule in rules if rule.host == host]
    matching = [rule for rule in mine if not rule.unseen and _matches(rule, path)]
    if not matching:
        # Whether a wildcard rule answers a path that this host's own rules do not name is up to the controller.
        return None if any(includes(rule.host, host) for rule in rules) else ()
    best = max((rule.match == "Exact", len(rule.path.rstrip("/"))) for rule in matching)
    equals = [rule for rule in matching if (rule.match == "Exact", len(rule.path.rstrip("/"))) == best]
    return tuple(dict.fromkeys(service for rule in equals for service in rule.services))


def includes(wider: str, host: str) -> bool:
    """Whether a rule for `wider`, any host or one with a wildcard, is for this other host as well."""
    if wider == host or host == OTHER_HOST:
        return False
    return wider == ANY_HOST or (wider.startswith("*.") and host.endswith(wider[1:]))


def asked_host(host: str, namespace: str) -> str:
    """The Host header under which a copy of the system is asked: of hosts with a wildcard one of them."""
    return own_host(host, namespace).replace("*", "any", 1)


def own_host(host: str, namespace: str) -> str:
    """
    The host by which a copy of the system in `namespace` is asked in place of `host`.

    A cluster has one table of hosts: under its real one a copy would take requests that belong to others.
    """
    if host in (ANY_HOST, OTHER_HOST):
        return f"{'any' if host == ANY_HOST else 'other'}.{namespace}.test"  # no name in .test exists (RFC 6761)
    first, _, rest = host.partition(".")
    return f"{first}.{namespace}.{rest}" if rest else f"{first}.{namespace}"


def _paths(rule: RouteRule, *, alone: bool) -> Iterator[str]:
    """The rule's own path; and, unless a rule beside it may match anything, those below, beside and elsewhere."""
    if rule.unseen:
        return
    yield rule.path
    if rule.match == "Prefix":
        yield f"{rule.path.rstrip('/')}/{NOWHERE}"
    if not alone:
        yield f"{rule.path}{NOWHERE}"
        yield f"/{NOWHERE}"


def _matches(rule: RouteRule, path: str) -> bool:
    if rule.match == "Exact":
        return path == rule.path
    prefix = rule.path.rstrip("/")
    return path.rstrip("/") == prefix or path.startswith(f"{prefix}/")


def _ingress(document: Mapping[str, Any]) -> Iterator[RouteRule]:
    owner, spec = f"{INGRESS}/{document['metadata']['name']}", document["spec"]
    if default := spec.get("defaultBackend"):
        yield _ingress_rule(owner, ANY_HOST, "/", "Prefix", default)
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            host = rule.get("host") or ANY_HOST
            yield _ingress_rule(owner, host, path.get("path") or "/", path["pathType"], path["backend"])


def _ingress_rule(owner: str, host: str, path: str, kind: str, backend: Mapping[str, Any]) -> RouteRule:
    unseen = ""
    if kind == "ImplementationSpecific":
        # Most controllers take it for a prefix, some for a regular expression.
        kind, unseen = "Pattern", f"its pathType is {kind}, so it is the controller's affair what {path} matches"
    if "service" not in backend:
        return RouteRule(owner, host, path, kind, (), "its backend is no Service")
    return RouteRule(owner, host, path, kind, (backend["service"]["name"],), unseen)


def _route(document: Mapping[str, Any]) -> Iterator[RouteRule]:
    owner, spec = f"{HTTP_ROUTE}/{document['metadata']['name']}", document["spec"]
    for rule in spec.get("rules") or ():
        backends = [backend for backend in rule.get("backendRefs") or () if backend.get("weight", 1) > 0]
        services = tuple(backend["name"] for backend in backends if backend.get("kind", "Service") == "Service")
        matches: Iterable[Mapping[str, Any]] = rule.get("matches") or ({},)
        for match in matches:
            path = match.get("path") or {}
            kind = str(path.get("type", "PathPrefix")).removeprefix("Path")
            unseen = _unseen(rule, match, kind, services)
            for host in spec.get("hostnames") or (ANY_HOST,):
                yield RouteRule(owner, host, path.get("value", "/"), kind, services, unseen)


def _unseen(rule: Mapping[str, Any], match: Mapping[str, Any], kind: str, services: tuple[str, ...]) -> str:
    if kind not in ("Exact", "Prefix"):
        return f"its path is of type {kind}"
    asks = [field for field in ("headers", "queryParams") if match.get(field)]
    if match.get("method", "GET") != "GET":
        asks.append("method")
    if asks:
        return f"it matches by {' and '.join(asks)}"
    if any(route_filter.get("type") == "RequestRedirect" for route_filter in rule.get("filters") or ()):
        return "it redirects"
    return "" if services else "it names no Service"
