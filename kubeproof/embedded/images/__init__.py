"""
Images without a registry: archives that `containerd` imports.

`system_archives` and `ingress_archives` give those the cluster runs on, `build_image` builds those of the system
under test.
"""

from cluster.images.build import build_image
from cluster.images.running import ImageNotBuilt
from cluster.images.system import ingress_archives, system_archives

__all__ = ["ImageNotBuilt", "build_image", "ingress_archives", "system_archives"]
