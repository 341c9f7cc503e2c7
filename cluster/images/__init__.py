"""
Images without a registry: archives that `containerd` imports.

`system_archives` gives those the cluster runs on, `build_image` builds those of the system under test.
"""

from cluster.images.system import system_archives

__all__ = ["system_archives"]
