"""Objects of the API, trimmed to the fields that their lines have (docs/evidence.md): what is kept of a watch."""

from collections.abc import Iterator, Mapping
from typing import Any

Trimmed = dict[str, Any]

# Whose pods a ReplicaSet, or a revision of a StatefulSet or DaemonSet, made.
REVISIONS = ("pod-template-hash", "controller-revision-hash")


def pod_line(pod: Any, workload: str | None, *, gone: bool) -> Trimmed:
    """
    A pod's line; `workload` is whose it is, None for others.

    Restarts are those of all containers that the manifests declare: init containers and sidecars among them, ephemeral
    ones, such as the harness's probe, not.
    """
    conditions = {condition.type: condition.status for condition in pod.status.conditions or ()}
    labels = pod.metadata.labels or {}
    containers = _containers(pod)
    return {
        "name": pod.metadata.name,
        "workload": workload,
        "uid": pod.metadata.uid,
        "ready": conditions.get("Ready") == "True",
        "ip": pod.status.pod_ip,
        "restarts": sum(container.restart_count for container in containers),
        "waiting": sorted(
            container.state.waiting.reason
            for container in containers
            if container.state and container.state.waiting and container.state.waiting.reason
        ),
        "ended": sorted(filter(None, map(_last_end, containers))),
        "revision": next((labels[label] for label in REVISIONS if label in labels), None),
        "phase": pod.status.phase,
        "deleted": pod.metadata.deletion_timestamp is not None,
        "gone": gone,
        "node": pod.spec.node_name,
    }


def images_of(pod: Any) -> Iterator[tuple[str, str, str]]:
    """(container, image as declared, digest of what runs) of each container of a pod whose image is there."""
    declared = {one.name: one.image for one in (*(pod.spec.init_containers or ()), *pod.spec.containers)}
    for container in _containers(pod):
        if container.image_id:
            yield container.name, declared.get(container.name, container.image), container.image_id


def _containers(pod: Any) -> list[Any]:
    return [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]


def _last_end(container: Any) -> str | None:
    """Why a container ended last; None while it never did."""
    for state in (container.state, container.last_state):
        if state and state.terminated:
            return str(state.terminated.reason)
    return None


def workload_line(found: Any, *, gone: bool) -> Trimmed:
    """The line of a Deployment, StatefulSet or DaemonSet, whose counts mean the same."""
    counts = _scheduled(found.status) if hasattr(found.status, "desired_number_scheduled") else _replicas(found)
    return {
        "name": found.metadata.name,
        "object_kind": found.kind or type(found).__name__.removeprefix("V1"),
        "generation": found.metadata.generation,
        "observed": found.status.observed_generation or 0,
        **counts,
        "gone": gone,
    }


def _replicas(found: Any) -> Trimmed:
    return {
        "desired": found.spec.replicas,
        "updated": found.status.updated_replicas or 0,
        "ready": found.status.ready_replicas or 0,
        "available": found.status.available_replicas or 0,
        "replicas": found.status.replicas or 0,
    }


def _scheduled(status: Any) -> Trimmed:
    """A DaemonSet wants a pod on each node that takes one; one that runs where it should not is one too many."""
    return {
        "desired": status.desired_number_scheduled,
        "updated": status.updated_number_scheduled or 0,
        "ready": status.number_ready or 0,
        "available": status.number_available or 0,
        "replicas": (status.current_number_scheduled or 0) + (status.number_misscheduled or 0),
    }


def slice_line(found: Any, service: str, *, gone: bool) -> Trimmed:
    """One EndpointSlice of a Service, its endpoints by the names of their pods."""
    endpoints = [endpoint for endpoint in found.endpoints or () if endpoint.target_ref]
    pods = [(endpoint.target_ref.name, endpoint.conditions) for endpoint in endpoints]
    return {
        "service": service,
        "ready": [name for name, is_ in pods if is_.ready is not False],
        "serving": [name for name, is_ in pods if is_.serving is not False],
        "terminating": [name for name, is_ in pods if is_.terminating],
        "gone": gone,
    }


def endpoints_line(service: str, slices: Mapping[str, Trimmed]) -> Trimmed:
    """All slices of a Service as one line."""
    mine = [line for line in slices.values() if line["service"] == service]
    union = {key: sorted({name for line in mine for name in line[key]}) for key in ("ready", "serving", "terminating")}
    return {"service": service, **union}


def autoscaler_line(found: Any, *, gone: bool) -> Trimmed:
    """The line of an autoscaler, with the metrics as it read them."""
    metrics = {
        metric.resource.name: metric.resource.current.average_utilization
        for metric in found.status.current_metrics or ()
        if metric.type == "Resource" and metric.resource
    }
    return {
        "name": found.metadata.name,
        "target": found.spec.scale_target_ref.name,
        "current": found.status.current_replicas,
        "desired": found.status.desired_replicas,
        "cpu": metrics.get("cpu"),
        "memory": metrics.get("memory"),
        "gone": gone,
    }


def event_line(event: Any) -> Trimmed:
    """The line of a Kubernetes event; `count` is how often it was said."""
    about = event.involved_object
    series = event.series.count if event.series else None
    return {
        "reason": event.reason,
        "object": f"{about.kind}/{about.name}",
        "uid": about.uid,
        "says": event.message,
        "count": series or event.count or 1,
    }
