"""
Containers of a pod template: ports, probes, environment, mounts, security.

`place` is the path of a value below the pod's spec, for reports that point at it.
"""

from dataclasses import dataclass

from kubeproof.manifests.labels import Labels

# (resource, quantity as it was written), sorted
Quantities = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Port:
    """A port that a container declares; `host` is the node's port, None when it takes none."""

    name: str | None
    number: int
    protocol: str = "TCP"
    host: int | None = None


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
    initial_delay: float = 0


@dataclass(frozen=True)
class Reference:
    """
    What a pod takes from a ConfigMap or Secret: one key, or the whole object when `key` is None.

    `variable` is the environment variable it becomes, for a whole object the prefix of its variables.
    """

    kind: str
    name: str
    key: str | None
    place: str
    optional: bool = False
    variable: str | None = None


@dataclass(frozen=True)
class Variable:
    """A variable with its value in the manifest; None when it comes from elsewhere."""

    name: str
    value: str | None
    place: str


@dataclass(frozen=True)
class Mount:
    """Where a container sees a volume."""

    volume: str
    path: str
    place: str
    read_only: bool = False


@dataclass(frozen=True)
class Security:
    """
    A securityContext, of a pod or of a container; None for a field that is not set.

    `seccomp` and `apparmor` are profile types, `selinux` is (type, user, role), `sysctls` are names.
    """

    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    privileged: bool | None = None
    escalation: bool | None = None
    read_only_root: bool | None = None
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    seccomp: str | None = None
    apparmor: str | None = None
    selinux: tuple[str | None, str | None, str | None] | None = None
    proc_mount: str | None = None
    host_process: bool | None = None
    sysctls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hook:
    """A preStop hook: `seconds` when it is a sleep, whether native or as a command, else None; `action` in words."""

    seconds: float | None
    action: str


@dataclass(frozen=True)
class Container:
    """
    One container of a pod template; `place` is its path below the pod's spec.

    `hosts` are the fields of probes and hooks that ask another host than the pod, with that host.
    """

    name: str
    image: str
    ports: tuple[Port, ...] = ()
    probes: tuple[Probe, ...] = ()
    place: str = ""
    requests: Quantities = ()
    limits: Quantities = ()
    variables: tuple[Variable, ...] = ()
    references: tuple[Reference, ...] = ()
    mounts: tuple[Mount, ...] = ()
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    pre_stop: Hook | None = None
    hosts: tuple[tuple[str, str], ...] = ()
    security: Security = Security()
    restart_policy: str | None = None

    @property
    def is_sidecar(self) -> bool:
        """True for an init container that runs on beside the others."""
        return self.restart_policy == "Always"

    def asks(self, side: str, resource: str) -> str | None:
        """What it sets for a resource, None when it sets nothing; `side` is requests or limits."""
        return dict(self.requests if side == "requests" else self.limits).get(resource)
