"""Builds an image from a Dockerfile into an archive, once for the same content."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.images.bases import BASES, provide_base
from kubeproof.embedded.images.buildah import Buildah
from kubeproof.embedded.images.context import PACKAGES, stage, tree_hash
from kubeproof.embedded.images.packages import TARGET, install_packages
from kubeproof.embedded.images.pip_settings import MOUNTED, write_pip_settings
from kubeproof.embedded.images.running import ImageNotBuilt


@dataclass(frozen=True)
class ImageRecipe:
    """
    What an image is made of.

    `context` is the folder that the Dockerfile's COPY lines are relative to. `requirements` are Python packages laid
    out in the context's folder `packages`. `base` names a recipe of `bases.py`, which takes the place of the
    Dockerfile's first FROM; None leaves it to the Dockerfile, whose base is then pulled.
    """

    name: str
    dockerfile: Path
    context: Path
    requirements: tuple[str, ...] = ()
    base: str | None = None


def build_image(recipe: ImageRecipe, cache: Path, progress: Callable[[str], object] = print) -> Path:
    """
    Give the docker-archive of an image, built if no archive of the same content is in `cache`.

    Content is the Dockerfile, what it copies, the requirements and the base's recipe. Safe to call from several
    processes. Raises ImageNotBuilt, which says what to do.
    """
    name, base = recipe.name, recipe.base
    if base is not None and base not in BASES:
        raise ImageNotBuilt(f"{name}: there is no base image {base!r}, only {', '.join(sorted(BASES))}")
    if not recipe.dockerfile.is_file():
        raise ImageNotBuilt(f"{name}: there is no Dockerfile {recipe.dockerfile}")
    with tempfile.TemporaryDirectory(prefix="kubeproof-image-") as folder:
        staged = Path(folder) / "context"
        stage(recipe.dockerfile, recipe.context, staged)
        archive = cache / f"{name.split('/')[-1].replace(':', '-')}-{_content_key(recipe, staged)}.tar"
        if archive.exists():
            return archive
        with _alone(cache):
            if not archive.exists():  # another process may have built it meanwhile
                _build(recipe, staged, archive, progress)
    return archive


def _content_key(recipe: ImageRecipe, staged: Path) -> str:
    base = BASES[recipe.base].image if recipe.base else None
    content = (recipe.name, recipe.dockerfile.read_text(), tree_hash(staged), recipe.requirements, TARGET, base)
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def _build(recipe: ImageRecipe, staged: Path, archive: Path, progress: Callable[[str], object]) -> None:
    started, name = time.monotonic(), recipe.name
    buildah = Buildah(archive.parent / "buildah")
    base = provide_base(recipe.base, buildah, progress) if recipe.base else None
    if recipe.requirements:
        progress(f"image {name}: resolving {len(recipe.requirements)} Python packages")
        install_packages(recipe.requirements, staged / PACKAGES)
    progress(f"image {name}: building")
    with tempfile.TemporaryDirectory(prefix="kubeproof-pip-") as folder:
        mounts: tuple[tuple[Path, str], ...] = ()
        if recipe.base and BASES[recipe.base].has_pip:
            write_pip_settings(Path(folder))
            mounts = ((Path(folder), MOUNTED),)
        buildah.build(name, recipe.dockerfile, staged, base=base, mounts=mounts)
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
