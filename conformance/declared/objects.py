"""
The values that manifests are read into: frozen, compared by content, with no opinion on what is right.

Labels and selectors are sorted tuples of (key, value), so that two equal declarations are equal values.
"""

from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Port:
    """A port that a container says it listens on."""

    name: str | None
    number: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class Probe:
    """A kubelet probe; `kind` is liveness, readiness or startup, `period` and `timeout` are seconds."""

    kind: str
    path: str | None
    port: int | str | None
    period: float
    timeout: float
    failure_threshold: int
    headers: Labels = ()


@dataclass(frozen=True)
class Container:
    """One container of a pod template (init containers are not among them)."""

    name: str
    image: str
    ports: tuple[Port, ...] = ()
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet; `labels` are those of its pod template, durations are seconds."""

    kind: str
    name: str
    labels: Labels
    selector: Labels
    replicas: int
    containers: tuple[Container, ...]
    grace_seconds: float = 30
    progress_deadline: float = 600
    claims: tuple[str, ...] = ()

    @property
    def ports(self) -> tuple[Port, ...]:
        """Every port that a container of this workload declares."""
        return tuple(port for container in self.containers for port in container.ports)

    def port_number(self, port: int | str | None) -> int:
        """The number behind a port given by name or number; raises LookupError for a name no container declares."""
        if isinstance(port, int):
            return port
        found = next((each.number for each in self.ports if each.name == port), None)
        if found is None:
            raise LookupError(f"{self.name} declares no port {port!r}")
        return found

    def probes(self, kind: str) -> tuple[Probe, ...]:
        """The probes of one kind, over all containers."""
        return tuple(p for container in self.containers for p in container.probes if p.kind == kind)


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


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler; `cpu` and `memory` are its target utilisations in percent."""

    name: str
    target: str
    minimum: int
    maximum: int
    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy, as far as a report needs it: whom it selects and which directions it closes."""

    name: str
    pod_selector: Labels
    types: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """All that the manifests declare; `others` lists what no value here stands for, as Kind/name."""

    namespace: str
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    policies: tuple[Policy, ...] = ()
    others: tuple[str, ...] = ()

    def workload(self, name: str) -> Workload | None:
        """The workload of that name, or None."""
        return next((w for w in self.workloads if w.name == name), None)

    def service(self, name: str) -> Service | None:
        """The Service of that name, or None."""
        return next((s for s in self.services if s.name == name), None)

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """The Services whose selector matches this workload's pods; one without selector matches none."""
        labels = set(workload.labels)
        return tuple(s for s in self.services if s.selector and labels.issuperset(s.selector))

    def autoscaler_of(self, workload: str) -> Autoscaler | None:
        """The autoscaler that targets this workload, or None."""
        return next((a for a in self.autoscalers if a.target == workload), None)
