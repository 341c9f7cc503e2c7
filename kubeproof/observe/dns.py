"""Names of Services, looked up by the client and from a pod of each workload that calls another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kubeproof.manifests.objects import Service
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import CLIENT, Deployed
from kubeproof.observe.waiting import pause

# Seconds for which an answer may be repeated that was right before the addresses moved: what kubeadm has CoreDNS keep.
# Source: kubernetes.io, Customizing DNS Service, the default Corefile (cache 30).
KEPT = 30.0


@dataclass(frozen=True)
class Asker:
    """A pod that looks up names; `source` is its workload's name, or `client`."""

    source: str
    pod: str
    uid: str


def observe_names(on: Deployed, of: str, _subject: str) -> None:
    """
    Look up every Service under its three names; expected are its addresses, before and after.

    Where they moved meanwhile it is asked again, once what caches have kept is too old. An ExternalName has no
    addresses of its own, and is not asked for.
    """
    services = [service for service in on.system.services if service.kind != "ExternalName"]
    for asker in _askers(on):
        moved = _ask(on, of, asker, services)
        if moved:
            pause(KEPT)
            _ask(on, of, asker, moved)


def _askers(on: Deployed) -> list[Asker]:
    """
    The client, whom a policy of ours lets out, and a pod of each workload that calls another, under its own policies.

    Who calls nobody needs no name, and a policy that keeps it from the DNS as well is a good one: it is not asked.
    """
    client = on.cluster.core.read_namespaced_pod(CLIENT, on.namespace)
    found = [Asker("client", CLIENT, client.metadata.uid)]
    for workload in map(on.system.workload, on.profile.callers):
        pods = [pod for pod in on.watches.pods_of(workload.name) if pod["ready"]] if workload else []
        if workload and pods:
            found.append(Asker(workload.name, on.probe_in(workload, pods[0]["name"]), pods[0]["uid"]))
    return found


def _ask(on: Deployed, of: str, asker: Asker, services: Sequence[Service]) -> list[Service]:
    """One exec for all names, so that one pod is looked from at one time; the Services whose addresses moved."""
    names = {name: service for service in services for name in _names(on, service)}
    before = _addresses(on, services)
    try:
        answers = on.ask("resolve", list(names), pod=asker.pod)
    except ExecFailed as error:
        answers = [{"asked": name, "addresses": [], "error": f"not observed: {error}"} for name in names]
    after = _addresses(on, services)
    by = {"source": asker.source, "source_pod": asker.pod, "source_uid": asker.uid}
    # The agent answers in the order of the names, and with the domain in its place.
    for service, answer in zip(names.values(), answers, strict=True):
        known = {"expected": before[service.name], "after": after[service.name]}
        on.recorder.line(of, "name", service=service.name, **by, **known, **answer)
    return [service for service in services if before[service.name] != after[service.name]]


def _names(on: Deployed, service: Service) -> tuple[str, ...]:
    # The cluster's domain is known to its pods alone.
    return service.name, f"{service.name}.{on.namespace}", f"{service.name}.{on.namespace}.svc.{{domain}}"


def _addresses(on: Deployed, services: Iterable[Service]) -> dict[str, list[str]]:
    return {service.name: _addresses_of(on, service.name) for service in services}


def _addresses_of(on: Deployed, service: str) -> list[str]:
    """A Service's own addresses; of a headless one those of its endpoints, who made them being all the same."""
    spec = on.cluster.core.read_namespaced_service(service, on.namespace).spec
    if spec.cluster_ip != "None":
        return sorted(spec.cluster_ips)
    label = f"kubernetes.io/service-name={service}"
    slices = on.cluster.discovery.list_namespaced_endpoint_slice(on.namespace, label_selector=label).items
    endpoints = [endpoint for one in slices if one.address_type != "FQDN" for endpoint in one.endpoints or ()]
    return sorted({address for endpoint in endpoints if _answers(spec, endpoint) for address in endpoint.addresses})


def _answers(spec: Any, endpoint: Any) -> bool:
    # Not known is ready, says the API.
    return bool(
        spec.publish_not_ready_addresses or endpoint.conditions is None or endpoint.conditions.ready is not False
    )
