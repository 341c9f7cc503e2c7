"""A cluster's life from outside: up, down, is_up, ingress.

A cluster is disposable: each `up` starts from nothing, and what an earlier one left (kill -9 included) is cleared
first. One lock per name makes concurrent calls wait for each other.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kubeproof.embedded import cgroups, processes
from kubeproof.embedded.build import binaries, build, is_built
from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime, NotRunning, NotYet
from kubeproof.embedded.folders import Folders, cache, folders
from kubeproof.embedded.logs import last_lines
from kubeproof.embedded.plan import Plan
from kubeproof.embedded.preflight import preflight
from kubeproof.embedded.report import DNS_READY, INGRESS_READY, Report
from kubeproof.embedded.toolchain import find_go
from kubeproof.interruption import shielded

Progress = Callable[[str], object]
POLL = 0.04
STEPS = 13  # what a whole start reaches: eight components, the images, node, dns, ingress and metrics


def up(name: str = "default", progress: Progress = print, *, wait_for: str = DNS_READY, install: bool = True) -> Path:
    """Have a cluster called `name` running; returns the path of its kubeconfig.

    Checks the machine, builds programs and system images if need be, starts, and waits until the node is ready
    and `wait_for` ("node", "dns", "ingress", "metrics") holds; what it did not wait for comes by itself. Of a cluster
    that is running already it only waits for that. Raises a ClusterError; a start that fails, or is interrupted,
    leaves nothing running.
    """
    place = folders(name)
    with _alone(place):
        if processes.find(place.plan):
            _rejoin(place, wait_for, progress)
            return place.kubeconfig
        make_programs(progress, install=install)
        _clear(place)
        begun = time.monotonic()
        try:
            _start(place, progress)
            _follow(place, wait_for, progress)
        except BaseException:
            # Also on Ctrl-C; the logs stay for whoever looks why, until the next up or down.
            with shielded():
                processes.end(place.plan)
                cgroups.remove(place.cgroup)
            raise
    progress(f"cluster {name} is up after {time.monotonic() - begun:.1f} s: {place.kubeconfig}")
    return place.kubeconfig


def down(name: str = "default", progress: Progress = print) -> None:
    """Have no cluster called `name`, and nothing left of one."""
    place = folders(name)
    with _alone(place):
        was_there = _clear(place)
    progress(f"cluster {name} is down" if was_there else f"cluster {name} was not up")


def is_up(name: str = "default") -> bool:
    """Whether the cluster runs, is ready for pods, and none of its components has ended."""
    place = folders(name)
    report = Report.read(place.report)
    return bool(processes.find(place.plan)) and DNS_READY in report.reached and not report.exited


def ingress(name: str = "default") -> str:
    """The URL by which this machine reaches the cluster's ingress; raises NotRunning, NotYet.

    What answers there is chosen by the request's Host header and path, as Ingress and HTTPRoute objects say.
    """
    place = folders(name)
    if not processes.find(place.plan):
        raise NotRunning(name)
    if INGRESS_READY not in Report.read(place.report).reached:
        raise NotYet("ingress", name)
    return f"http://127.0.0.1:{Plan.read(place.plan).ingress_port}"


def make_programs(progress: Progress, *, install: bool = True) -> Path:
    """Check the machine and build the cluster's programs if need be; returns their folder."""
    preflight(building=not is_built(), install=install, progress=progress)
    return build(lambda: find_go(progress), progress)


def _start(place: Folders, progress: Progress) -> None:
    # A tenth of a second to import, which only a start needs.
    from kubeproof.embedded.images import ingress_archives, system_archives
    from kubeproof.embedded.pki import write_pki

    progress("system images: pause, coredns, metrics-server, contour, envoy")
    images = cache() / "images"
    archives = tuple(system_archives(binaries(), images)), tuple(ingress_archives(binaries(), images))
    place.log.mkdir(parents=True)
    with _door() as api, _door() as into:
        write_pki(place.pki, place.kubeconfig, port=api.getsockname()[1], context=f"kubeproof-{place.name}")
        Plan(place.name, place.state, binaries(), *archives, into.getsockname()[1], place.cgroup).write(place.plan)
        cgroups.make(place.cgroup)
        _raise_inotify_limit()
        doors = (api.fileno(), into.fileno())
        with (place.log / "box.log").open("wb") as log:
            launcher = subprocess.Popen(
                processes.launcher_command(sys.executable, place.plan, doors),
                cwd="/",
                env=processes.OUR_ENVIRONMENT,
                pass_fds=doors,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the cluster outlives its caller and its terminal
            )
        processes.wait_found(launcher, place.plan)


def _door() -> socket.socket:
    """A listening socket on a free port of this machine's loopback, for the box to inherit."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


def _raise_inotify_limit(wanted: int = 1024) -> None:
    """cAdvisor dies for want of inotify instances at the kernel's default of 128."""
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text()) < wanted:
        try:
            limit.write_text(str(wanted))
        except OSError as error:
            raise ClusterError(f"{limit} is below {wanted} and cannot be raised: {error}") from error


def _rejoin(place: Folders, wait_for: str, progress: Progress) -> None:
    """A box is there: it is up, or its caller was killed while it was coming up."""
    try:
        _follow(place, wait_for, lambda _: None)
    except ClusterError:
        progress(
            f"cluster {place.name} runs, but not whole; for a fresh one: kubeproof cluster down --name {place.name}"
        )
        raise
    progress(f"cluster {place.name} is up already: {place.kubeconfig}")


def _follow(place: Folders, wait_for: str, progress: Progress, within: float = 300.0) -> None:
    """Report what the box reaches until `wait_for` is among it; raises what ended the start."""
    started = time.monotonic()
    shown: list[str] = []
    while True:
        report = Report.read(place.report)
        for what in [name for name in report.reached if name not in shown]:
            shown.append(what)
            progress(f"start {what} {len(shown)} of {STEPS} ready, {report.reached[what]:.1f} s")
        for component, status in report.exited.items():
            raise ComponentExited(component, status, last_lines(place.log / f"{component}.log"))
        if wait_for in report.reached:
            return
        if error := report.error():
            raise error
        if time.monotonic() - started > within:
            raise NotReadyInTime(wait_for, within, last_lines(place.log / "box.log"))
        _require_box(place)
        time.sleep(POLL)


def _require_box(place: Folders) -> None:
    """Raise unless the box lives; it may have ended before it could report why (kill -9, no namespaces)."""
    if processes.find(place.plan):
        return
    if error := Report.read(place.report).error():
        raise error
    raise ComponentExited("the box", -9, last_lines(place.log / "box.log"))


def _clear(place: Folders) -> bool:
    """End the box and remove what it left; whether there was anything."""
    was_there = processes.end(place.plan)
    was_there |= bool(cgroups.leftovers(place.cgroup))
    cgroups.remove(place.cgroup)
    if place.state.exists():
        was_there = True
        shutil.rmtree(place.state)
    return was_there


@contextlib.contextmanager
def _alone(place: Folders) -> Iterator[None]:
    try:
        place.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(place.lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ClusterError(
            f"cannot write to the state folder {place.lock.parent} ({error.strerror}); "
            "set XDG_STATE_HOME to a folder that can be written"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
