"""
Services, autoscalers, configuration, storage, quotas and Ingresses as values, read by `object_reading`.

A `namespace` is that of the object, or that of the system when the manifest names none. Workloads are in `workloads`,
NetworkPolicies in `policies`, rights in `access`, the Gateway API in `gateway`; all together are a `system`.
"""

from dataclasses import dataclass

from kubeproof.manifests.containers import Container, Quantities
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import Selector
from kubeproof.manifests.workloads import ClaimTemplate, Workload

# A claim of its own asks the same of storage as the template of one.
Claim = ClaimTemplate


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service and where it leads: a number, or the name of a container's port."""

    name: str | None
    port: int
    target: int | str
    protocol: str = "TCP"


@dataclass(frozen=True)
class Service:
    """A Service; `headless` when its clusterIP is None, so that its name answers with pod addresses."""

    name: str
    selector: Labels
    ports: tuple[ServicePort, ...]
    headless: bool = False
    namespace: str = ""
    kind: str = "ClusterIP"


@dataclass(frozen=True)
class ScalingRule:
    """At most so many pods, or percent of the pods, in `period` seconds."""

    kind: str
    value: int
    period: float


@dataclass(frozen=True)
class ScalingRules:
    """One direction of an autoscaler's behaviour; `window` is its stabilisation in seconds."""

    rules: tuple[ScalingRule, ...]
    window: float
    select: str = "Max"


# What an autoscaler without a behavior does. Source: kubernetes.io, Horizontal Pod Autoscaling, default behavior.
UP = ScalingRules((ScalingRule("Percent", 100, 15), ScalingRule("Pods", 4, 15)), 0)
DOWN = ScalingRules((ScalingRule("Percent", 100, 15),), 300)


@dataclass(frozen=True)
class Utilisation:
    """A resource measured in percent of the request: of one container, or of all that last when that is None."""

    resource: str
    percent: int
    container: str | None = None

    def measured(self, workload: Workload) -> tuple[Container, ...]:
        """The containers of a workload that must request the resource."""
        return tuple(container for container in workload.lasting if self.container in (None, container.name))


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler and what it measures in percent of requests; other metrics are not kept."""

    name: str
    target: str
    minimum: int
    maximum: int
    metrics: tuple[Utilisation, ...] = ()
    namespace: str = ""
    target_kind: str = "Deployment"
    up: ScalingRules = UP
    down: ScalingRules = DOWN

    def is_for(self, workload: Workload) -> bool:
        """Whether it targets this workload."""
        wanted = (self.target_kind, self.target, self.namespace)
        return (workload.kind, workload.name, workload.namespace) == wanted

    def percent(self, resource: str) -> int | None:
        """The lowest target of a resource, which decides; None when it is not measured."""
        return min((metric.percent for metric in self.metrics if metric.resource == resource), default=None)


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget; its bounds are as written, a number or a percentage, None when not set."""

    name: str
    selector: Selector
    minimum: int | str | None
    unavailable: int | str | None
    namespace: str = ""


@dataclass(frozen=True)
class Config:
    """A ConfigMap or Secret: its keys, and for a ConfigMap what they hold."""

    kind: str
    name: str
    keys: tuple[str, ...]
    texts: tuple[tuple[str, str], ...] = ()
    namespace: str = ""

    def text(self, key: str) -> str | None:
        """What a key of a ConfigMap holds, or None."""
        return dict(self.texts).get(key)


@dataclass(frozen=True)
class PersistentVolume:
    """A PersistentVolume."""

    name: str
    capacity: str | None
    modes: tuple[str, ...]
    storage_class: str | None
    host_path: str | None = None


@dataclass(frozen=True)
class Quota:
    """A ResourceQuota; one with a scope counts only some pods."""

    name: str
    hard: Quantities
    namespace: str = ""
    scoped: bool = False


@dataclass(frozen=True)
class LimitRange:
    """A LimitRange for containers: what those get that set nothing, and the most they may ask for."""

    name: str
    default_requests: Quantities = ()
    default_limits: Quantities = ()
    maximum: Quantities = ()
    namespace: str = ""


@dataclass(frozen=True)
class Backend:
    """Where an Ingress sends a path: a Service and its port, by number or name; `place` is its field."""

    service: str
    port: int | str | None
    place: str
    host: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Ingress:
    """An Ingress: its backends, and the Secrets of its certificates with their fields."""

    name: str
    backends: tuple[Backend, ...]
    secrets: tuple[tuple[str, str], ...] = ()
    namespace: str = ""


@dataclass(frozen=True)
class Namespace:
    """A Namespace with its labels."""

    name: str
    labels: Labels = ()


@dataclass(frozen=True)
class Named:
    """An object of which only the name is read: a PriorityClass or StorageClass."""

    kind: str
    name: str
