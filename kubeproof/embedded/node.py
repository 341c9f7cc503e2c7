"""The node box: what makes a fresh set of namespaces look like a machine of its own.

Run as PID 1 inside `unshare --net --mount --pid`. Everything made here lives in the namespaces, so the kernel
removes it when the last process of the box ends.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from kubeproof.embedded.children import Ended
from kubeproof.embedded.errors import ClusterError
from kubeproof.embedded.plan import NODE, NODE_ADDRESS, RUN, Plan

Run = Callable[[Sequence[str]], Ended]

# Where the controller manager's built-in host-path provisioner makes its volumes; it cannot be configured.
HOSTPATH = Path("/tmp/hostpath_pv")


def prepare(plan: Plan, run: Run) -> None:
    """Mounts, network and kernel settings of the box; raises ClusterError naming the command that failed."""
    _mounts(plan, run)
    _network(run)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _mounts(plan: Plan, run: Run) -> None:
    _must(run, "mount", "--make-rshared", "/")
    # Sockets, network namespaces and lock files: gone with the box, and their paths are short.
    _must(run, "mount", "-t", "tmpfs", "-o", "mode=755", "kubeproof", "/run")
    RUN.mkdir()
    # Folders with fixed names that two clusters would share, each replaced by one in the state folder. The host
    # keeps the empty mount points: removing one would take the mount away in every box that has it.
    for fixed, own in (
        (HOSTPATH, "volumes"),
        (Path("/var/log/pods"), "pod-logs"),
        (Path("/var/log/containers"), "container-logs"),
        (Path("/var/lib/cni"), "cni-results"),
    ):
        fixed.mkdir(parents=True, exist_ok=True)
        (plan.state / own).mkdir(exist_ok=True)
        _must(run, "mount", "--bind", str(plan.state / own), str(fixed))


def _network(run: Run) -> None:
    _must(run, "ip", "link", "set", "lo", "up")
    # Both ends of the pair stay in the box: the node needs an interface with an address, and nothing may leave.
    _must(run, "ip", "link", "add", NODE, "type", "veth", "peer", "name", "uplink")
    _must(run, "ip", "link", "set", "uplink", "up")
    _must(run, "ip", "addr", "add", f"{NODE_ADDRESS}/30", "dev", NODE)
    _must(run, "ip", "link", "set", NODE, "up")
    _must(run, "ip", "route", "add", "default", "dev", NODE)


def _must(run: Run, *argv: str) -> None:
    ended = run(argv)
    if ended.status != 0:
        raise ClusterError(
            f"preparing the node: {' '.join(argv)} ended with status {ended.status}: {ended.output.strip()}"
        )
