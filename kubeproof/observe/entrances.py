"""Where requests from outside enter: what controllers of Ingress and Gateway objects say in status, or why nowhere."""

from typing import Any

from kubernetes.client.exceptions import ApiException

from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime, wait_until

GATEWAY_API = ("gateway.networking.k8s.io", "v1")

Entrance = dict[str, Any]


def given(on: Deployed) -> Entrance | None:
    """Where the person who started the run says: a controller may know itself only by a name of the host's."""
    host, _, port = (on.ingress_address or "").partition(":")
    return _open(host, int(port or 80)) if host else None


def ingress_entrance(on: Deployed, name: str, within: float) -> Entrance:
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


def gateway_entrance(on: Deployed, name: str, within: float) -> Entrance:
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
