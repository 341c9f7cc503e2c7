"""
Faults put upon a pod from the node below it, each for as long as a block lasts.

    with Faults("default").frozen(uid): ...            # every process of the pod is stopped
    with Faults("default").black_holed(address): ...   # no packet reaches the pod or leaves it

What runs in the pod is not asked and cannot tell. A program of its own (`fault_holder`) keeps the fault up and takes it
back when its standard input ends: that comes with the end of whoever asked for it, be it by kill -9.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from kubeproof.embedded.errors import ClusterError
from kubeproof.embedded.folders import folders
from kubeproof.embedded.processes import OUR_ENVIRONMENT
from kubeproof.interruption import shielded

HOLDER = (sys.executable, "-m", "kubeproof.embedded.fault_holder")
FREEZE, BLACK_HOLE = "freeze", "black-hole"
HELD = "held\n"  # what the holder says when the fault is there
GOODBYE = 30.0  # seconds for a fault to be taken back; it takes some milliseconds


@dataclass(frozen=True)
class Faults:
    """The faults of the cluster with this name. Each raises ClusterError when it cannot be had, or not taken back."""

    name: str

    def frozen(self, pod: str) -> AbstractContextManager[None]:
        """Stop every process of the pod with this uid: the kernel goes on taking calls for it, and nobody answers."""
        return self._held(FREEZE, pod)

    def black_holed(self, address: str) -> AbstractContextManager[None]:
        """Drop every packet to and from the pod with this address, also of connections that are open."""
        return self._held(BLACK_HOLE, address)

    @contextmanager
    def _held(self, fault: str, target: str) -> Iterator[None]:
        holder = subprocess.Popen(
            [*HOLDER, str(folders(self.name).plan), fault, target],
            cwd="/",
            env=OUR_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the caller: the fault ends with the block
        )
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() == HELD:
                yield
        finally:
            with shielded():
                _, said = holder.communicate(timeout=GOODBYE)  # ends its standard input
        if holder.returncode != 0:
            raise ClusterError(f"{fault} {target} in cluster {self.name}: {said.strip() or 'it was ended'}")
