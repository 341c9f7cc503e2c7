"""The embedded cluster: a single-node, real Kubernetes as ordinary processes, for people and for tests.

    kubeconfig = embedded.up("default")    # no-op if it runs already
    embedded.load("default", archive)      # an image archive into it
    embedded.ingress("default")            # http://127.0.0.1:PORT, where its ingress listens
    embedded.Faults("default")             # what can be put upon a pod from its node
    embedded.down("default")

From outside: lifecycle, loading, faults. Inside: box, and starting, whose `start` is the order in which all comes up.
What it is made of: build for the programs, images for the images.
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
