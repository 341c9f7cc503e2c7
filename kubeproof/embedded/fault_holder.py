"""
`python -m kubeproof.embedded.fault_holder PLAN FAULT TARGET`: a fault upon a pod, said when it is there, and taken back
at the end of input.

FAULT is `freeze`, TARGET then the pod's uid, or `black-hole` and the pod's address. A signal that a terminal sends does
not end it: what it holds ends in order. Exit status 1 and a sentence when it could not be done.
"""

import ipaddress
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from kubeproof.embedded import cgroups, processes
from kubeproof.embedded.errors import ClusterError, NotRunning
from kubeproof.embedded.faults import BLACK_HOLE, FREEZE, HELD
from kubeproof.embedded.plan import Plan


def main(arguments: Sequence[str]) -> int:
    """Hold one fault; give the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    plan, fault, target = Path(arguments[0]), arguments[1], arguments[2]
    try:
        with FAULTS[fault](plan, target):
            print(HELD, end="", flush=True)
            sys.stdin.read()
    except (ClusterError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def freeze(path: Path, pod: str, mount: Path = cgroups.MOUNT) -> Iterator[None]:
    """
    Stop the processes of a pod: of each container, not of the pod as a whole.

    So the container runtime knows the containers as paused: it lets no probe in to hang, and can kill them.
    """
    groups = cgroups.containers_of(pod, Plan.read(path).cgroup, mount)
    if not groups:
        raise ClusterError(f"no container of a pod with uid {pod} is below {mount}")
    with ExitStack() as frozen:
        for group in groups:
            frozen.callback(cgroups.thaw, group)
            cgroups.freeze(group)
        yield


@contextmanager
def black_hole(path: Path, address: str) -> Iterator[None]:
    """Drop what comes from an address before anything else sees it, and what goes to it after Services are resolved."""
    known = ipaddress.IPv4Address(address)
    table = f"kubeproof-black-hole-{known}"
    came = f"chain came {{ type filter hook prerouting priority raw; ip saddr {known} drop; }}"
    goes = f"chain goes {{ type filter hook postrouting priority raw; ip daddr {known} drop; }}"
    _nft(path, f"table ip {table} {{ {came}; {goes}; }}")
    try:
        yield
    finally:
        _nft(path, f"delete table ip {table}")


def _nft(path: Path, rules: str) -> None:
    plan = Plan.read(path)
    pids = processes.find(path)
    if not pids:
        raise NotRunning(plan.name)
    done = processes.in_box(pids[0], ("nft", rules))
    if done.returncode != 0:
        raise ClusterError(f"nft: {done.stderr.strip()}")


Fault = Callable[[Path, str], AbstractContextManager[None]]
FAULTS: dict[str, Fault] = {FREEZE: freeze, BLACK_HOLE: black_hole}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
