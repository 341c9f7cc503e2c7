"""Opens the folders that the built-in host-path provisioner makes.

It makes them 0750 root and the kubelet does not apply a pod's fsGroup to host paths, so a container that does
not run as root (PostgreSQL: uid 999) could not write to its own volume. A real storage driver honours fsGroup;
here each new folder is opened to everyone instead, which is no more than the box's root already may.
"""

import time
from pathlib import Path

OPEN = 0o777


def open_forever(folder: Path, pause: float = 0.05) -> None:
    """Open every folder that appears in `folder`, looking each `pause` seconds; a pod takes longer to start."""
    seen: set[tuple[str, int]] = set()
    while True:
        seen = open_new(folder, seen)
        time.sleep(pause)


def open_new(folder: Path, seen: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Open the folders that are not in `seen`; returns those there now, each as (name, inode)."""
    now = set()
    for volume in folder.iterdir():
        try:
            identity = (volume.name, volume.stat().st_ino)
            if identity not in seen:
                volume.chmod(OPEN)
        except FileNotFoundError:
            continue  # released between the listing and the look
        now.add(identity)
    return now
