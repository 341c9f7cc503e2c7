"""Requests from outside the system's namespace, sent where the controllers of Ingress and Gateway objects listen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubernetes.client.exceptions import ApiException

from kubeproof.manifests.routes import (
    HTTP_ROUTE,
    INGRESS,
    Request,
    asked_host,
    destination,
    hosts,
    read_rules,
    requests,
)
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import AGENT, PROBE, Deployed
from kubeproof.observe.waiting import NotInTime, wait_until

ROUNDS = 3  # of all requests, recorded: one right answer may be chance where two pods stand behind a Service
TAKEN_UP = 30.0  # seconds for the controllers to say in the objects' status where they listen
SETTLED = 20.0  # seconds for the proxies to follow; a pod is Ready before each of them knows it
GATEWAY_API = ("gateway.networking.k8s.io", "v1")

Entrance = dict[str, Any]
# (the deployed system, the object's name, seconds to wait)
Find = Callable[[Deployed, str, float], Entrance]


def observe_ingress(on: Deployed, of: str, _subject: str) -> None:
    """Ask for what the Ingress objects declare, and for what they do not."""
    _observe(on, of, INGRESS, _ingress_entrance)


def observe_gateway(on: Deployed, of: str, _subject: str) -> None:
    """Ask for what the HTTPRoute objects declare, and for what they do not."""
    _observe(on, of, HTTP_ROUTE, _gateway_entrance)


def _observe(on: Deployed, of: str, kind: str, find: Find) -> None:
    asked = _requests(on, kind)
    entrances: dict[str, Entrance] = {}
    deadline = time.monotonic() + TAKEN_UP
    for owner in dict.fromkeys(request.owner for request in asked):
        left = max(0.0, deadline - time.monotonic())
        entrances[owner] = _given(on) or find(on, owner.partition("/")[2], left)
        on.recorder.line(of, "entrance", owner=owner, **entrances[owner])
    reachable = [request for request in asked if entrances[request.owner]["address"]]
    if not reachable:
        return
    targets = [_target(on, request, entrances[request.owner]) for request in reachable]
    with _visitor(on) as visit:

        def followed() -> bool:
            answers = zip(reachable, visit(targets), strict=True)
            return all(_as_declared(on, request, line) for request, line in answers)

        # What has not settled is asked all the same, and judged by what it answers.
        with suppress(NotInTime):
            wait_until(followed, within=SETTLED, hoping=f"the {kind} rules are followed")
        for _ in range(ROUNDS):
            for line in visit(targets):
                on.recorder.line(of, "route", **line)


def _requests(on: Deployed, kind: str) -> list[Request]:
    """What shows that the rules hold, and the profile's entries under their hosts."""
    rules = read_rules(on.system.documents, kind)
    found = {
        (request.owner, request.host, request.path): request
        for host in hosts(rules)
        for request in requests(rules, host)
    }
    owners = {rule.host: rule.owner for rule in rules}
    for entry in on.profile.entries:
        if entry.host in owners:
            services = destination(rules, entry.host, entry.path.partition("?")[0]) or ()
            request = Request(owners[entry.host], entry.host, entry.path, services)
            found.setdefault((request.owner, entry.host, entry.path), request)
    return list(found.values())


def _target(on: Deployed, request: Request, entrance: Entrance) -> dict[str, Any]:
    return {
        "owner": request.owner,
        "host": request.host,
        "asked": asked_host(request.host, on.namespace),
        "path": request.path,
        "address": entrance["address"],
        "port": entrance["port"],
    }


@contextmanager
def _visitor(on: Deployed) -> Iterator[Callable[[list[dict[str, Any]]], list[Any]]]:
    """Lend a function that sends requests from a pod of a namespace of its own: nobody whom the system knows."""
    outside = f"{on.namespace}-visitor"
    on.cluster.create_namespace(outside, on.run)
    try:
        on.start_pod("visitor", [*AGENT, "idle"], namespace=outside)

        def visit(targets: list[dict[str, Any]]) -> list[Any]:
            try:
                return on.cluster.execute(outside, "visitor", PROBE, [*AGENT, "visit"], targets)
            except ExecFailed as error:
                failed = {"status": None, "pod": None, "location": None, "error": f"not observed: {error}"}
                return [{**target, **failed, "seconds": 0.0} for target in targets]

        yield visit
    finally:
        on.cluster.delete_namespace(outside)


def _as_declared(on: Deployed, request: Request, line: Any) -> bool:
    if not request.services:
        return bool(line["status"] == 404)
    with on.watches.changed:
        behind = {
            pod for service in request.services for pod in on.watches.now["endpoints"].get(service, {}).get("ready", [])
        }
    return line["pod"] in behind


def _given(on: Deployed) -> Entrance | None:
    """Where the person who started the run says: a controller may know itself only by a name of the host's."""
    host, _, port = (on.ingress_address or "").partition(":")
    return _open(host, int(port or 80)) if host else None


def _ingress_entrance(on: Deployed, name: str, within: float) -> Entrance:
    """Where the Ingress is served, by its status."""
    addresses: list[str] = []

    def taken_up() -> bool:
        balancer = on.cluster.networking.read_namespaced_ingress_status(name, on.namespace).status.load_balancer
        addresses.extend(point.ip or point.hostname for point in (balancer and balancer.ingress) or ())
        return bool(addresses)

    try:
        wait_until(taken_up, within=within, hoping=f"a controller takes up Ingress {name}")
    except NotInTime as late:
        return _closed(_why_no_ingress(on, name) or str(late))
    return _open(addresses[0], 80)


def _why_no_ingress(on: Deployed, name: str) -> str | None:
    wanted = on.cluster.networking.read_namespaced_ingress(name, on.namespace).spec.ingress_class_name
    if wanted is None:
        return "it names no class, and the cluster has no default one"
    if wanted not in {found.metadata.name for found in on.cluster.networking.list_ingress_class().items}:
        return f"the cluster has no IngressClass {wanted}"
    return None


def _gateway_entrance(on: Deployed, name: str, within: float) -> Entrance:
    """Where the first Gateway that the route names as its parent is served, by the Gateway's status."""
    parent = _custom(on, "httproutes", name, on.namespace)["spec"]["parentRefs"][0]
    where = parent.get("namespace", on.namespace)
    title = f"Gateway {where}/{parent['name']}"
    gateway: dict[str, Any] = {}

    def taken_up() -> bool:
        gateway.update(_custom(on, "gateways", parent["name"], where))
        route = _custom(on, "httproutes", name, on.namespace)
        return bool(_addresses(gateway) and route.get("status", {}).get("parents"))

    try:
        wait_until(taken_up, within=within, hoping=f"a controller takes up HTTPRoute {name} for {title}")
    except NotInTime as late:
        return _closed(str(late) if _addresses(gateway) else f"{title} has no address: no controller serves it")
    except ApiException as error:
        return _closed(f"{title}: {error.status} {error.reason}")
    listeners = [listener for listener in gateway["spec"]["listeners"] if listener["protocol"] == "HTTP"]
    mine = [listener for listener in listeners if parent.get("sectionName", listener["name"]) == listener["name"]]
    return _open(_addresses(gateway)[0], mine[0]["port"]) if mine else _closed(f"{title} has no listener for HTTP")


def _custom(on: Deployed, plural: str, name: str, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = on.cluster.custom.get_namespaced_custom_object(*GATEWAY_API, namespace, plural, name)
    return found


def _addresses(gateway: dict[str, Any]) -> list[str]:
    return [address["value"] for address in gateway.get("status", {}).get("addresses") or ()]


def _open(address: str, port: int) -> Entrance:
    return {"address": address, "port": port, "says": f"{address}:{port}"}


def _closed(reason: str) -> Entrance:
    return {"address": None, "port": None, "says": reason}
