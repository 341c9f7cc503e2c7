"""The images that the cluster itself runs on: pause, CoreDNS, metrics-server, and those of its ingress."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from kubeproof.embedded.images.ociarchive import FileImage, write_archive
from kubeproof.embedded.images.running import run

# Debian's static catatonit sleeps and reaps like the upstream pause program when called with -P.
PAUSE = Path("/usr/bin/catatonit")
NOBODY = "65532:65532"


def system_archives(binaries: Path, cache: Path) -> list[Path]:
    """
    Give the OCI archives of the images that a node needs to be ready, written only when a program has changed.

    `binaries` holds the built programs; the archives land in `cache`, named by the hash of what they hold. Raises
    FileNotFoundError when a program is missing.
    """
    pause = FileImage("localhost/pause:1", (("/catatonit", PAUSE),), ("/catatonit", "-P"), user="65535:65535")
    # CoreDNS listens on port 53, which only root may.
    coredns = FileImage("localhost/coredns:1", (("/coredns", binaries / "dns"),), ("/coredns",), user="0:0")
    return [_archive(image, cache) for image in (pause, coredns, _one_program("metrics-server", binaries))]


def ingress_archives(binaries: Path, cache: Path) -> list[Path]:
    """Give the OCI archives of Contour and Envoy; parameters and errors are those of `system_archives`."""
    program = binaries / "envoy"
    files = (("/envoy", program), *((str(path), path) for path in libraries(program)))
    envoy = FileImage("localhost/envoy:1", files, ("/envoy",), user=NOBODY)
    return [_archive(image, cache) for image in (_one_program("contour", binaries), envoy)]


def libraries(program: Path) -> tuple[Path, ...]:
    """The shared libraries of a program and their loader, where this machine has them; raises ImageNotBuilt."""
    listing = run(("ldd", program), purpose=f"the libraries of {program}")
    # "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x...)", and the loader as "/lib64/ld-linux-x86-64.so.2 (0x...)".
    return tuple(Path(found) for found in re.findall(r"(/\S+) \(0x", listing))


def _one_program(name: str, binaries: Path) -> FileImage:
    return FileImage(f"localhost/{name}:1", ((f"/{name}", binaries / name),), (f"/{name}",), user=NOBODY)


def _archive(image: FileImage, cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(f"{image.name} {image.command} {image.user}".encode())
    for inside, path in image.files:
        digest.update(inside.encode() + path.read_bytes())
    archive = cache / f"{image.name.split('/')[-1].replace(':', '-')}-{digest.hexdigest()[:16]}.tar"
    if not archive.exists():
        write_archive(image, archive)
    return archive
