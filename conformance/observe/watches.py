"""Watches of one namespace: what the objects are now, and each change as a line of the running observation."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from conformance.observe.cluster import Cluster
from conformance.observe.recorder import Recorder

Trimmed = dict[str, Any]


class Watches:
    """
    Follow workloads, pods, endpoints, autoscalers and events of a namespace from the moment of construction.

    `selectors` maps a workload's name to the labels of its pods. `now[kind][name]` is the last line of an object;
    `changed` is notified at each change. Changes are written only while an observation is being `recorded`.
    """

    def __init__(
        self, cluster: Cluster, namespace: str, selectors: Mapping[str, Mapping[str, str]], recorder: Recorder
    ) -> None:
        self.now: dict[str, dict[str, Trimmed]] = {
            kind: {} for kind in ("workload", "pod", "slice", "autoscaler", "endpoints")
        }
        self.changed = threading.Condition(threading.RLock())
        self._recorder, self._of = recorder, ""
        self._selectors = selectors
        self._stopping = threading.Event()
        for api, call, take in (
            (client.CoreV1Api, "list_namespaced_pod", self._pod),
            (client.AppsV1Api, "list_namespaced_deployment", self._workload),
            (client.AppsV1Api, "list_namespaced_stateful_set", self._workload),
            (client.DiscoveryV1Api, "list_namespaced_endpoint_slice", self._slice),
            (client.AutoscalingV2Api, "list_namespaced_horizontal_pod_autoscaler", self._autoscaler),
            (client.CoreV1Api, "list_namespaced_event", self._event),
        ):
            listing = getattr(api(cluster.own_client()), call)
            threading.Thread(target=self._follow, args=(listing, namespace, take), daemon=True).start()

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

    def _follow(self, listing: Callable[..., Any], namespace: str, take: Callable[[str, Any], None]) -> None:
        version: str | None = None
        while not self._stopping.is_set():
            try:
                if version is None:
                    version = self._listed(listing(namespace), take)
                for seen in watch.Watch().stream(
                    listing, namespace, resource_version=version, timeout_seconds=600, _request_timeout=630
                ):
                    take(seen["type"], seen["object"])
                    version = seen["object"].metadata.resource_version
            except ApiException as error:
                self._lost(f"{listing.__name__}: {error.status} {error.reason}")
                version = None
            except Exception as error:  # noqa: BLE001  the transport's own errors are many; each is a gap, and told
                self._lost(f"{listing.__name__}: {type(error).__name__}: {error}")
                version = None

    def _listed(self, answer: Any, take: Callable[[str, Any], None]) -> str:
        for item in answer.items:
            take("ADDED", item)
        return str(answer.metadata.resource_version)

    def _lost(self, says: str) -> None:
        if self._stopping.wait(0.2):
            return
        with self.changed:
            if self._of:
                self._recorder.line(self._of, "gap", says=says)

    def _keep(self, kind: str, name: str, line: Trimmed, *, gone: bool = False) -> None:
        with self.changed:
            if self.now[kind].get(name) == line and not gone:
                return
            if gone:
                self.now[kind].pop(name, None)
            else:
                self.now[kind][name] = line
            if self._of and kind != "slice":
                self._recorder.line(self._of, kind, **line)
            self.changed.notify_all()

    def _pod(self, change: str, pod: Any) -> None:
        conditions = {each.type: each.status for each in pod.status.conditions or ()}
        line = {
            "name": pod.metadata.name,
            "workload": self._owner(pod.metadata.labels or {}),
            "uid": pod.metadata.uid,
            "ready": conditions.get("Ready") == "True",
            "ip": pod.status.pod_ip,
            "restarts": sum(each.restart_count for each in pod.status.container_statuses or ()),
            "waiting": sorted(
                each.state.waiting.reason
                for each in pod.status.container_statuses or ()
                if each.state.waiting and each.state.waiting.reason
            ),
            "deleted": pod.metadata.deletion_timestamp is not None,
            "gone": change == "DELETED",
            "node": pod.spec.node_name,
        }
        self._keep("pod", pod.metadata.uid, line, gone=line["gone"])

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
        }
        self._keep("workload", found.metadata.name, line, gone=change == "DELETED")

    def _slice(self, change: str, found: Any) -> None:
        service = (found.metadata.labels or {}).get("kubernetes.io/service-name")
        if service is None:
            return
        pods = [(each.target_ref.name, each.conditions) for each in found.endpoints or () if each.target_ref]
        line = {
            "service": service,
            "ready": [name for name, is_ in pods if is_.ready is not False],
            "serving": [name for name, is_ in pods if is_.serving is not False],
            "terminating": [name for name, is_ in pods if is_.terminating],
        }
        with self.changed:
            self._keep("slice", found.metadata.name, line, gone=change == "DELETED")
            self._keep("endpoints", service, self._endpoints(service))

    def _endpoints(self, service: str) -> Trimmed:
        """All slices of a Service as one line."""
        slices = [each for each in self.now["slice"].values() if each["service"] == service]
        union = {
            key: sorted({name for each in slices for name in each[key]}) for key in ("ready", "serving", "terminating")
        }
        return {"service": service, **union}

    def _autoscaler(self, change: str, found: Any) -> None:
        metrics = {
            each.resource.name: each.resource.current.average_utilization
            for each in found.status.current_metrics or ()
            if each.type == "Resource" and each.resource
        }
        line = {
            "name": found.metadata.name,
            "target": found.spec.scale_target_ref.name,
            "current": found.status.current_replicas,
            "desired": found.status.desired_replicas,
            "cpu": metrics.get("cpu"),
            "memory": metrics.get("memory"),
        }
        self._keep("autoscaler", found.metadata.name, line, gone=change == "DELETED")

    def _event(self, change: str, event: Any) -> None:
        with self.changed:
            if self._of and change != "DELETED":
                about = f"{event.involved_object.kind}/{event.involved_object.name}"
                self._recorder.line(self._of, "event", reason=event.reason, object=about, says=event.message)
