"""
Workloads, and what a pod template has beside its containers: volumes, claims, account, strategy.

A `place` is a path below the pod's spec; `Workload.path` puts the path of the pod's spec before it.
"""

from dataclasses import dataclass, field

from kubeproof.manifests.containers import Container, Port, Probe, Reference, Security
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import Selector


@dataclass(frozen=True)
class ClaimTemplate:
    """What a claim asks of storage: a StatefulSet's template, a pod's own, or a PersistentVolumeClaim."""

    name: str
    capacity: str | None
    modes: tuple[str, ...]
    storage_class: str | None
    place: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Volume:
    """
    A volume of a pod; `kind` is the field of its source (emptyDir, configMap, hostPath ...).

    `claim` is the claim it names, `own` the one that is made for each pod and deleted with it.
    """

    name: str
    kind: str
    place: str
    references: tuple[Reference, ...] = ()
    claim: str | None = None
    own: ClaimTemplate | None = None


@dataclass(frozen=True)
class Strategy:
    """How pods are replaced; surge and unavailable are as written, a number or a percentage."""

    kind: str = "RollingUpdate"
    surge: int | str = "25%"
    unavailable: int | str = "25%"


@dataclass(frozen=True)
class Pod:
    """
    What a pod template has beside its containers; `path` is the path of its spec in the object.

    `apart` are the topology spread constraints and anti-affinities: their places, and whom they keep away.
    """

    path: str = "spec.template.spec"
    account: str = "default"
    mounts_token: bool | None = None
    pull_secrets: tuple[str, ...] = ()
    priority_class: str | None = None
    service_links: bool = True
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    host_users: bool = True
    security: Security = field(default_factory=Security)
    volumes: tuple[Volume, ...] = ()
    windows: bool = False
    annotations: Labels = ()
    apart: tuple[tuple[str, Selector], ...] = ()


@dataclass(frozen=True)
class Workload:
    """
    An object that makes pods: a Deployment, StatefulSet, DaemonSet, Job, CronJob or a bare Pod.

    `labels` are those of its pods, durations are seconds; `selector` are its matchLabels, `selection` is the whole
    label selector, None where there is none. `replicas` is the number in the manifest or the API's default;
    `sets_replicas` tells which.
    """

    kind: str
    name: str
    labels: Labels
    selector: Labels
    replicas: int
    containers: tuple[Container, ...]
    grace_seconds: float = 30
    progress_deadline: float = 600
    claims: tuple[str, ...] = ()
    namespace: str = ""
    sets_replicas: bool = True
    init: tuple[Container, ...] = ()
    pod: Pod = Pod()
    strategy: Strategy = Strategy()
    min_ready: float = 0
    governing_service: str | None = None
    claim_templates: tuple[ClaimTemplate, ...] = ()
    selection: Selector | None = None

    @property
    def ports(self) -> tuple[Port, ...]:
        """Every port that a container of this workload declares, a sidecar included."""
        return tuple(port for container in self.lasting for port in container.ports)

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """The numbers of the ports that a TCP connection can be tried to, each once."""
        return tuple(dict.fromkeys(port.number for port in self.ports if port.protocol == "TCP"))

    def port_number(self, port: int | str | None) -> int:
        """The number behind a port given by name or number; raises LookupError for a name no container declares."""
        if isinstance(port, int):
            return port
        found = next((declared.number for declared in self.ports if declared.name == port), None)
        if found is None:
            raise LookupError(f"{self.name} declares no port {port!r}")
        return found

    def signalled_after(self, port: int | str) -> float | None:
        """
        Seconds from a pod's deletion until the container at this port is told to end: those that its preStop sleeps.

        None for a preStop hook of another kind, which takes as long as it takes.
        """
        number = self.port_number(port)
        container = next((one for one in self.lasting if any(own.number == number for own in one.ports)), None)
        hook = container.pre_stop if container else None
        if hook is None:
            return 0.0
        return None if hook.seconds is None else min(hook.seconds, self.grace_seconds)

    @property
    def all_containers(self) -> tuple[Container, ...]:
        """The containers and the init containers."""
        return (*self.containers, *self.init)

    @property
    def lasting(self) -> tuple[Container, ...]:
        """The containers that run as long as the pod: sidecars are among them."""
        return (*self.containers, *(container for container in self.init if container.is_sidecar))

    @property
    def title(self) -> str:
        """Kind/name, as reports write it."""
        return f"{self.kind}/{self.name}"

    @property
    def references(self) -> tuple[Reference, ...]:
        """What its containers and volumes take from ConfigMaps and Secrets."""
        in_containers = (reference for container in self.all_containers for reference in container.references)
        return (*in_containers, *(reference for volume in self.pod.volumes for reference in volume.references))

    def probes(self, kind: str) -> tuple[Probe, ...]:
        """The probes of one kind, over all containers that last."""
        return tuple(p for container in self.lasting for p in container.probes if p.kind == kind)

    def path(self, place: str) -> str:
        """The path in the object of a place below the pod's spec."""
        return f"{self.pod.path}.{place}" if place else self.pod.path
