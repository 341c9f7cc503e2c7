"""A cluster's own cgroup in every hierarchy: made before the start, removed after the stop. A pod's: frozen, thawed.

cgroups are not namespaced, so they are the one thing that outlives the box. Two layouts behind one seam:
v1 (also hybrid, where a v2 tree without controllers hangs at /sys/fs/cgroup/unified) and v2.
The v2 path is tested on a fake tree only.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
V2_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")


def is_v2(mount: Path = MOUNT) -> bool:
    """Whether the unified hierarchy alone is mounted."""
    return (mount / "cgroup.controllers").exists()


def hierarchies(mount: Path = MOUNT) -> tuple[Path, ...]:
    """The root of each hierarchy that processes can be moved in."""
    if is_v2(mount):
        return (mount,)
    return tuple(
        folder for folder in sorted(mount.iterdir()) if not folder.is_symlink() and (folder / "cgroup.procs").exists()
    )


def make(name: str, mount: Path = MOUNT) -> None:
    """Make the group `name` in every hierarchy, ready for the kubelet to make groups below it."""
    for root in hierarchies(mount):
        group = root / name
        group.mkdir(exist_ok=True)
        if is_v2(mount):
            _delegate(root)
            _delegate(group)
        elif (root / "cpuset.cpus").exists():
            # A new v1 cpuset is empty, and no process may enter an empty one.
            for key in ("cpuset.cpus", "cpuset.mems"):
                (group / key).write_text((root / key).read_text())


def remove(name: str, mount: Path = MOUNT, *, patience: float = 5.0) -> None:
    """Remove the group `name` everywhere, depth first; what still runs in it is killed.

    The kernel lets go of a group some milliseconds after its last process: for `patience` seconds an
    OSError (busy) is tried again, then raised.
    """
    deadline = time.monotonic() + patience
    for root in hierarchies(mount):
        while (root / name).exists():
            try:
                _remove_tree(root / name)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def leftovers(name: str, mount: Path = MOUNT) -> tuple[Path, ...]:
    """The groups called `name` that exist now."""
    return tuple(root / name for root in hierarchies(mount) if (root / name).exists())


def containers_of(pod: str, name: str, mount: Path = MOUNT) -> tuple[Path, ...]:
    """The groups of the containers of the pod with this uid, where they can be frozen; () if there is no such pod."""
    root = mount if is_v2(mount) else mount / "freezer"
    found = (root / name).glob(f"kubepods/**/pod{pod}/*/cgroup.procs")
    return tuple(sorted(procs.parent for procs in found))


def freeze(group: Path, *, patience: float = 5.0) -> None:
    """Stop every process of a group, without a signal; raises TimeoutError if one runs on for `patience` seconds."""
    unified = (group / "cgroup.freeze").exists()
    order, answer, stopped = (
        ("cgroup.freeze", "cgroup.events", "frozen 1") if unified else ("freezer.state", "freezer.state", "FROZEN")
    )
    (group / order).write_text("1" if unified else "FROZEN")
    deadline = time.monotonic() + patience
    while stopped not in (group / answer).read_text().splitlines():
        if time.monotonic() > deadline:
            raise TimeoutError(f"a process of {group} still ran {patience:.0f} s after it was to be frozen")
        time.sleep(0.01)


def thaw(group: Path) -> None:
    """Let the processes of a group go on; nothing to do for one that is gone."""
    for order, go in (("cgroup.freeze", "0"), ("freezer.state", "THAWED")):
        # Opened as it is: a file that is not there is not to be made.
        with contextlib.suppress(FileNotFoundError), (group / order).open("r+") as written:
            written.write(go)


def _delegate(group: Path) -> None:
    available = (group / "cgroup.controllers").read_text().split()
    wanted = [f"+{controller}" for controller in V2_CONTROLLERS if controller in available]
    (group / "cgroup.subtree_control").write_text(" ".join(wanted))


def _remove_tree(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        thaw(Path(folder))  # under v1 what is frozen does not even die
        _kill_members(Path(folder))
        os.rmdir(folder)  # cgroupfs removes the control files with the folder


def _kill_members(group: Path) -> None:
    try:
        members = (group / "cgroup.procs").read_text().split()
    except FileNotFoundError:
        return
    for pid in members:
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue  # ended between the reading and the signal
