"""The plan of one cluster: everything the box must know, written by `up` and read by the box.

Addresses come from 198.18.0.0/15, the range reserved for benchmarks, so that they collide with no real
network. They are the same in every cluster: each has a network namespace of its own.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.folders import Folders

NODE = "node0"
NODE_ADDRESS = "198.18.0.1"
POD_NETWORK = "198.18.64.0/18"
NODE_POD_NETWORK = "198.18.64.0/24"
SERVICE_NETWORK = "198.19.0.0/16"
API_SERVICE = "198.19.0.1"
DNS_SERVICE = "198.19.0.10"
# What a cloud would give the ingress controller's Service of type LoadBalancer; kube-proxy makes it lead to Envoy.
INGRESS_ADDRESS = "198.18.1.1"
API_SERVER = "https://127.0.0.1:6443"

# Inside the box /run is a file system of its own: these paths are short and vanish with it.
RUN = Path("/run/kubeproof")
CONTAINERD_SOCKET = RUN / "containerd.sock"


@dataclass(frozen=True)
class Plan:
    """One cluster to be started.

    `archives` are the images to import before anything else, `ingress_archives` those that may come after;
    `ingress_port` is the host's loopback port that leads to the ingress, `cgroup` the name of the cluster's cgroup.
    """

    name: str
    state: Path
    binaries: Path
    archives: tuple[Path, ...]
    ingress_archives: tuple[Path, ...]
    ingress_port: int
    cgroup: str

    @property
    def _folders(self) -> Folders:
        return Folders(self.name, self.state)

    @property
    def pki(self) -> Path:
        return self._folders.pki

    @property
    def log(self) -> Path:
        return self._folders.log

    def program(self, name: str) -> str:
        """The path of a built program."""
        return str(self.binaries / name)

    def write(self, path: Path) -> None:
        """Write the plan as JSON."""
        path.write_text(
            json.dumps(
                {
                    "name": self.name,
                    "state": str(self.state),
                    "binaries": str(self.binaries),
                    "archives": [str(archive) for archive in self.archives],
                    "ingress_archives": [str(archive) for archive in self.ingress_archives],
                    "ingress_port": self.ingress_port,
                    "cgroup": self.cgroup,
                }
            )
        )

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The plan written at `path`."""
        plan = json.loads(path.read_text())
        return cls(
            name=plan["name"],
            state=Path(plan["state"]),
            binaries=Path(plan["binaries"]),
            archives=tuple(Path(archive) for archive in plan["archives"]),
            ingress_archives=tuple(Path(archive) for archive in plan["ingress_archives"]),
            ingress_port=plan["ingress_port"],
            cgroup=plan["cgroup"],
        )
