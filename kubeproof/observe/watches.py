"""Watches of one namespace: what the objects are now, and each change as a line of the running observation."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kubeproof.evidence.writing import Recorder
from kubeproof.observe.listings import Listing, follow

Trimmed = dict[str, Any]


class Watches:
    """
    Follow workloads, pods, endpoints, autoscalers and events of a namespace from the moment of construction.

    `listings` has one for each kind that is followed; `selectors` maps a workload's name to the labels of its pods.
    `now[kind][name]` is the last line of an object; `changed` is notified at each change. Changes are written only
    while an observation is being `recorded`.
    """

    def __init__(
        self, listings: Mapping[str, Listing], selectors: Mapping[str, Mapping[str, str]], recorder: Recorder
    ) -> None:
        self.now: dict[str, dict[str, Trimmed]] = {
            kind: {} for kind in ("workload", "pod", "slice", "autoscaler", "endpoints")
        }
        self.changed = threading.Condition(threading.RLock())
        self._recorder, self._of = recorder, ""
        self._selectors = selectors
        self._stopping = threading.Event()
        take = {
            "pod": self._pod,
            "deployment": self._workload,
            "stateful_set": self._workload,
            "slice": self._slice,
            "autoscaler": self._autoscaler,
            "event": self._event,
        }
        for kind, listing in listings.items():
            following = (listing, take[kind], self._lost, self._stopping)
            threading.Thread(target=follow, args=following, daemon=True).start()

    @contextmanager
    def recorded(self, of: str) -> Iterator[None]:
        """Write what is now, then every change until the end, as lines of observation `of`."""
        with self.changed:
            self._of = of
            for kind in ("workload", "pod", "endpoints", "autoscaler"):
                for line in self.now[kind].values():
                    self._recorder.line(of, kind, **line)
        try:
            yield
        finally:
            with self.changed:
                self._of = ""

    def stop(self) -> None:
        self._stopping.set()

    def pods_of(self, workload: str) -> list[Trimmed]:
        """Pods of a workload that are neither gone nor being deleted."""
        with self.changed:
            return [pod for pod in self.now["pod"].values() if pod["workload"] == workload and not pod["deleted"]]

    def _lost(self, reason: str) -> None:
        with self.changed:
            if self._of:
                self._recorder.line(self._of, "gap", says=reason)

    def _keep(self, kind: str, name: str, line: Trimmed) -> None:
        with self.changed:
            if self.now[kind].get(name) == line:
                return
            if line.get("gone"):
                self.now[kind].pop(name, None)
            else:
                self.now[kind][name] = line
            # The slices of a Service are written together, as its endpoints.
            if self._of and kind != "slice":
                self._recorder.line(self._of, kind, **line)
            self.changed.notify_all()

    def _pod(self, change: str, pod: Any) -> None:
        conditions = {condition.type: condition.status for condition in pod.status.conditions or ()}
        containers = pod.status.container_statuses or ()
        line = {
            "name": pod.metadata.name,
            "workload": self._owner(pod.metadata.labels or {}),
            "uid": pod.metadata.uid,
            "ready": conditions.get("Ready") == "True",
            "ip": pod.status.pod_ip,
            "restarts": sum(container.restart_count for container in containers),
            "waiting": sorted(
                container.state.waiting.reason
                for container in containers
                if container.state.waiting and container.state.waiting.reason
            ),
            "deleted": pod.metadata.deletion_timestamp is not None,
            "gone": change == "DELETED",
            "node": pod.spec.node_name,
        }
        self._keep("pod", pod.metadata.uid, line)

    def _owner(self, labels: Mapping[str, str]) -> str | None:
        for workload, selector in self._selectors.items():
            if selector and selector.items() <= labels.items():
                return workload
        return None

    def _workload(self, change: str, found: Any) -> None:
        status = found.status
        line = {
            "name": found.metadata.name,
            "object_kind": found.kind or type(found).__name__.removeprefix("V1"),
            "generation": found.metadata.generation,
            "observed": status.observed_generation or 0,
            "desired": found.spec.replicas,
            "updated": status.updated_replicas or 0,
            "ready": status.ready_replicas or 0,
            "available": status.available_replicas or 0,
            "replicas": status.replicas or 0,
            "gone": change == "DELETED",
        }
        self._keep("workload", found.metadata.name, line)

    def _slice(self, change: str, found: Any) -> None:
        service = (found.metadata.labels or {}).get("kubernetes.io/service-name")
        if service is None:
            return
        endpoints = [endpoint for endpoint in found.endpoints or () if endpoint.target_ref]
        pods = [(endpoint.target_ref.name, endpoint.conditions) for endpoint in endpoints]
        line = {
            "service": service,
            "ready": [name for name, is_ in pods if is_.ready is not False],
            "serving": [name for name, is_ in pods if is_.serving is not False],
            "terminating": [name for name, is_ in pods if is_.terminating],
            "gone": change == "DELETED",
        }
        with self.changed:
            self._keep("slice", found.metadata.name, line)
            self._keep("endpoints", service, self._endpoints(service))

    def _endpoints(self, service: str) -> Trimmed:
        """All slices of a Service as one line."""
        slices = [line for line in self.now["slice"].values() if line["service"] == service]
        union = {
            key: sorted({name for line in slices for name in line[key]}) for key in ("ready", "serving", "terminating")
        }
        return {"service": service, **union}

    def _autoscaler(self, change: str, found: Any) -> None:
        metrics = {
            metric.resource.name: metric.resource.current.average_utilization
            for metric in found.status.current_metrics or ()
            if metric.type == "Resource" and metric.resource
        }
        line = {
            "name": found.metadata.name,
            "target": found.spec.scale_target_ref.name,
            "current": found.status.current_replicas,
            "desired": found.status.desired_replicas,
            "cpu": metrics.get("cpu"),
            "memory": metrics.get("memory"),
            "gone": change == "DELETED",
        }
        self._keep("autoscaler", found.metadata.name, line)

    def _event(self, change: str, event: Any) -> None:
        with self.changed:
            if self._of and change != "DELETED":
                about = f"{event.involved_object.kind}/{event.involved_object.name}"
                self._recorder.line(self._of, "event", reason=event.reason, object=about, says=event.message)
