"""
Images without a registry: archives that `containerd` imports.

`system_archives` and `ingress_archives` give those the cluster runs on, `build_image` builds those of the system
under test.
"""

from kubeproof.embedded.images.build import ImageRecipe, build_image
from kubeproof.embedded.images.packages import group_requirements, listed_requirements
from kubeproof.embedded.images.running import ImageNotBuilt
from kubeproof.embedded.images.system import ingress_archives, system_archives

__all__ = [
    "ImageNotBuilt",
    "ImageRecipe",
    "build_image",
    "group_requirements",
    "ingress_archives",
    "listed_requirements",
    "system_archives",
]
