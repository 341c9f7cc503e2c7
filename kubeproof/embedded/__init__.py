"""The embedded cluster: a single-node, real Kubernetes as ordinary processes, for people and for tests.

    kubeconfig = cluster.up("default")     # no-op if it runs already
    cluster.load("default", archive)       # an image archive into it
    cluster.ingress("default")             # http://127.0.0.1:PORT, where its ingress listens
    cluster.Faults("default")              # what can be put upon a pod from its node
    cluster.down("default")

See docs in each module: lifecycle, loading and faults (from outside), box and starting (inside), build, images.
"""

from kubeproof.embedded.build import binaries
from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime, NotRunning
from kubeproof.embedded.faults import Faults
from kubeproof.embedded.images import ImageNotBuilt
from kubeproof.embedded.lifecycle import down, ingress, is_up, up
from kubeproof.embedded.loading import load

__all__ = [
    "ClusterError",
    "ComponentExited",
    "Faults",
    "ImageNotBuilt",
    "NotReadyInTime",
    "NotRunning",
    "binaries",
    "down",
    "ingress",
    "is_up",
    "load",
    "up",
]
