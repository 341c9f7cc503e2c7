"""
The Pod Security level of a pod, and the field that keeps it from the next: baseline, then restricted.

Source: kubernetes.io, Pod Security Standards, and k8s.io/pod-security-admission/policy, the newest version of each
check. Ephemeral containers are not looked at: no manifest has them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kubeproof.manifests.containers import Container, Security
from kubeproof.manifests.workloads import Workload

LEVELS = ("privileged", "baseline", "restricted")

_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)
_SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    )
)
_PROFILES = ("RuntimeDefault", "Localhost")
_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True)
class Breach:
    """A field that keeps a pod from a level: its path in the object, what stands there, what the level wants."""

    level: str
    field: str
    found: str
    wanted: str


def level_of(workload: Workload) -> tuple[str, tuple[Breach, ...]]:
    """The highest level that a workload's pods meet, and every field that keeps them from a higher one."""
    breaches = (*_baseline(workload), *_restricted(workload))
    for level in LEVELS[1:]:
        if any(breach.level == level for breach in breaches):
            return LEVELS[LEVELS.index(level) - 1], breaches
    return LEVELS[-1], breaches


def _places(workload: Workload) -> Iterator[tuple[str, Security]]:
    """The security contexts of the pod and of each container, with their paths."""
    yield workload.path("securityContext"), workload.pod.security
    for container in workload.all_containers:
        yield workload.path(f"{container.place}.securityContext"), container.security


def _baseline(workload: Workload) -> Iterator[Breach]:
    pod = workload.pod
    for name, on in (("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)):
        if on:
            yield Breach("baseline", workload.path(name), "true", "false")
    for volume in pod.volumes:
        if volume.kind == "hostPath":
            yield Breach("baseline", workload.path(f"{volume.place}.hostPath"), "a hostPath", "another kind of volume")
    for container in workload.all_containers:
        for n, port in enumerate(container.ports):
            if port.host:
                field = workload.path(f"{container.place}.ports[{n}].hostPort")
                yield Breach("baseline", field, str(port.host), "no hostPort")
    for name, value in pod.annotations:
        if name.startswith(_APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            field = f'{pod.path.removesuffix("spec")}metadata.annotations["{name}"]'
            yield Breach("baseline", field, value, "runtime/default or localhost/*")
    for container in workload.all_containers:
        for place, host in container.hosts:
            yield Breach("baseline", workload.path(place), host, "no host: the pod itself is asked")
    for field, security in _places(workload):
        yield from _baseline_context(field, security)
        if security.proc_mount not in (None, "Default"):
            # With users of its own a pod may, as far as baseline goes.
            level = "baseline" if pod.host_users else "restricted"
            yield Breach(level, f"{field}.procMount", str(security.proc_mount), "Default")


def _baseline_context(field: str, security: Security) -> Iterator[Breach]:
    if security.privileged:
        yield Breach("baseline", f"{field}.privileged", "true", "false")
    if security.host_process:
        yield Breach("baseline", f"{field}.windowsOptions.hostProcess", "true", "false")
    added = [capability for capability in security.added if capability not in _CAPABILITIES]
    if added:
        yield Breach("baseline", f"{field}.capabilities.add", ", ".join(added), "none beyond the runtime's default")
    for name, profile in (("seccompProfile", security.seccomp), ("appArmorProfile", security.apparmor)):
        if profile is not None and profile not in _PROFILES:
            yield Breach("baseline", f"{field}.{name}.type", profile, " or ".join(_PROFILES))
    if security.selinux is not None:
        kind, user, role = security.selinux
        if (kind or "") not in _SELINUX_TYPES:
            yield Breach("baseline", f"{field}.seLinuxOptions.type", str(kind), "a container type")
        for name, value in (("user", user), ("role", role)):
            if value:
                yield Breach("baseline", f"{field}.seLinuxOptions.{name}", value, "nothing")
    unsafe = [sysctl for sysctl in security.sysctls if sysctl not in _SYSCTLS]
    if unsafe:
        yield Breach("baseline", f"{field}.sysctls", ", ".join(unsafe), "safe sysctls")


def _restricted(workload: Workload) -> Iterator[Breach]:
    pod = workload.pod
    for volume in pod.volumes:
        # A hostPath is told by baseline already.
        if volume.kind not in _VOLUMES and volume.kind != "hostPath":
            field = workload.path(f"{volume.place}.{volume.kind}")
            yield Breach("restricted", field, volume.kind, f"one of {', '.join(sorted(_VOLUMES))}")
    if pod.host_users:
        if pod.security.run_as_user == 0:
            yield Breach("restricted", workload.path("securityContext.runAsUser"), "0", "another user")
        if pod.security.run_as_non_root is False:
            yield Breach("restricted", workload.path("securityContext.runAsNonRoot"), "false", "true")
    for container in workload.all_containers:
        field = workload.path(f"{container.place}.securityContext")
        if pod.host_users:
            yield from _restricted_user(workload, container, field)
        # What follows is Linux's, and not asked of a pod that says it is for Windows.
        if not pod.windows:
            yield from _restricted_linux(workload, container, field)


def _restricted_user(workload: Workload, container: Container, field: str) -> Iterator[Breach]:
    own, pod = container.security, workload.pod.security
    root = pod.run_as_non_root if own.run_as_non_root is None else own.run_as_non_root
    if root is not True:
        yield Breach("restricted", f"{field}.runAsNonRoot", _said(root), "true, here or of the pod")
    if own.run_as_user == 0:
        yield Breach("restricted", f"{field}.runAsUser", "0", "another user")


def _restricted_linux(workload: Workload, container: Container, field: str) -> Iterator[Breach]:
    own = container.security
    seccomp = own.seccomp or workload.pod.security.seccomp
    if seccomp not in _PROFILES:
        wanted = f"{' or '.join(_PROFILES)}, here or of the pod"
        yield Breach("restricted", f"{field}.seccompProfile.type", seccomp or "nothing", wanted)
    if own.escalation is not False:
        yield Breach("restricted", f"{field}.allowPrivilegeEscalation", _said(own.escalation), "false")
    if "ALL" not in own.dropped:
        yield Breach("restricted", f"{field}.capabilities.drop", ", ".join(own.dropped) or "nothing", "ALL")
    added = [capability for capability in own.added if capability != "NET_BIND_SERVICE"]
    if added:
        yield Breach("restricted", f"{field}.capabilities.add", ", ".join(added), "at most NET_BIND_SERVICE")


def _said(value: bool | None) -> str:
    return "nothing" if value is None else str(value).lower()
