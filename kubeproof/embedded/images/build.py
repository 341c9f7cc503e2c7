"""Builds an image from a Dockerfile into an archive, once for the same content."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.images.bases import BASES, provide_base
from cluster.images.buildah import Buildah
from cluster.images.context import PACKAGES, stage, tree_hash
from cluster.images.packages import TARGET, install_packages, requirements
from cluster.images.running import ImageNotBuilt


def build_image(
    name: str,
    dockerfile: Path,
    context: Path,
    group: str | None,
    base: str,
    cache: Path,
    progress: Callable[[str], object] = print,
) -> Path:
    """
    Give the docker-archive of image `name`, built if no archive of the same content is in `cache`.

    `context` is the folder that the Dockerfile's COPY lines are relative to and whose pyproject.toml has the
    dependency group `group` (None: no Python packages); `base` names a recipe of `bases.py`. Content is the
    Dockerfile, what it copies, the requirements and the base's recipe. Safe to call from several processes.
    Raises ImageNotBuilt, which says what to do.
    """
    if base not in BASES:
        raise ImageNotBuilt(f"{name}: there is no base image {base!r}, only {', '.join(sorted(BASES))}")
    wanted = requirements(context / "pyproject.toml", group) if group is not None else ()
    with tempfile.TemporaryDirectory(prefix="kubeproof-image-") as folder:
        staged = Path(folder) / "context"
        stage(dockerfile, context, staged)
        content = repr((name, dockerfile.read_text(), tree_hash(staged), wanted, TARGET, BASES[base].image))
        key = hashlib.sha256(content.encode()).hexdigest()[:16]
        archive = cache / f"{name.split('/')[-1].replace(':', '-')}-{key}.tar"
        if archive.exists():
            return archive
        with _alone(cache):
            if not archive.exists():  # another process may have built it meanwhile
                _build(name, dockerfile, staged, wanted, base, archive, progress)
    return archive


def _build(
    name: str,
    dockerfile: Path,
    staged: Path,
    wanted: tuple[str, ...],
    base: str,
    archive: Path,
    progress: Callable[[str], object],
) -> None:
    started = time.monotonic()
    buildah = Buildah(archive.parent / "buildah")
    base_image = provide_base(base, buildah, progress)
    if wanted:
        progress(f"image {name}: resolving {len(wanted)} Python packages")
        install_packages(wanted, staged / PACKAGES)
    progress(f"image {name}: building")
    buildah.build(name, dockerfile, staged, base_image)
    buildah.write_archive(name, archive)
    size = archive.stat().st_size / 1e6
    progress(f"image {name}: {size:.0f} MB in {time.monotonic() - started:.1f} s")


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Hold the cache's lock: one build at a time, since they share a base and buildah's store."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
