"""The embedded cluster: a single-node, real Kubernetes as ordinary processes, for people and for tests.

    kubeconfig = cluster.up("default")     # no-op if it runs already
    cluster.load("default", archive)       # an image archive into it
    cluster.ingress("default")             # http://127.0.0.1:PORT, where its ingress listens
    cluster.Faults("default")              # what can be put upon a pod from its node
    cluster.down("default")

See docs in each module: lifecycle, loading and faults (from outside), box and starting (inside), build, images.
"""

from cluster.build import binaries
from cluster.errors import ClusterError, ComponentExited, NotReadyInTime, NotRunning
from cluster.faults import Faults
from cluster.lifecycle import down, ingress, is_up, up
from cluster.loading import load

__all__ = [
    "ClusterError",
    "ComponentExited",
    "Faults",
    "NotReadyInTime",
    "NotRunning",
    "binaries",
    "down",
    "ingress",
    "is_up",
    "load",
    "up",
]
