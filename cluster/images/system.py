"""The three images that the cluster itself runs on: pause, CoreDNS, metrics-server."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cluster.images.ociarchive import StaticImage, write_archive

# Debian's static catatonit sleeps and reaps like the upstream pause program when called with -P.
PAUSE = Path("/usr/bin/catatonit")


def system_archives(binaries: Path, cache: Path) -> list[Path]:
    """
    Give the OCI archives of the system images, written only when a program has changed.

    `binaries` holds the built programs `dns` and `metrics-server`; the archives land in `cache`, named by
    the hash of what they hold. Raises FileNotFoundError when a program is missing.
    """
    images = (
        StaticImage("localhost/pause:1", PAUSE, "/catatonit", ("/catatonit", "-P"), user="65535:65535"),
        # CoreDNS listens on port 53, which only root may.
        StaticImage("localhost/coredns:1", binaries / "dns", "/coredns", ("/coredns",), user="0:0"),
        StaticImage(
            "localhost/metrics-server:1",
            binaries / "metrics-server",
            "/metrics-server",
            ("/metrics-server",),
            user="65532:65532",
        ),
    )
    cache.mkdir(parents=True, exist_ok=True)
    return [_archive(image, cache) for image in images]


def _archive(image: StaticImage, cache: Path) -> Path:
    what = f"{image.name} {image.inside} {image.command} {image.user}".encode()
    key = hashlib.sha256(what + image.program.read_bytes()).hexdigest()[:16]
    archive = cache / f"{image.name.split('/')[-1].replace(':', '-')}-{key}.tar"
    if not archive.exists():
        write_archive(image, archive)
    return archive
