"""The few things asked of buildah: import a folder as an image, build a Dockerfile, write an archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.images.running import ImageNotBuilt, run
from kubeproof.interruption import shielded


@dataclass(frozen=True)
class Buildah:
    """
    Buildah with a store of its own in `store`, so that the machine's own images are neither read nor filled.

    The vfs driver copies whole layers, which these small images bear, and works on every file system, also
    inside a container, where overlay does not.
    """

    store: Path

    def has(self, image: str) -> bool:
        """Whether the store holds this image."""
        names = self._call("images", "--format", "{{.Name}}:{{.Tag}}", purpose="listing images")
        return image in names.split()

    def import_folder(self, root: Path, image: str) -> None:
        """Make an image whose only layer is what lies in `root`."""
        container = self._call("from", "scratch", purpose=image).strip()
        try:
            self._call("copy", "--quiet", container, root, "/", purpose=image)
            self._call("commit", "--quiet", container, image, purpose=image)
        finally:
            with shielded():
                self._call("rm", container, purpose=f"clearing up after {image}")

    def build(
        self,
        image: str,
        dockerfile: Path,
        context: Path,
        *,
        base: str | None,
        mounts: tuple[tuple[Path, str], ...] = (),
    ) -> None:
        """
        Build a Dockerfile: on a base that the store holds, and then nothing is pulled, or on the one it names.

        `mounts` are folders of this machine and where RUN lines find them.
        """
        on = ("--pull-never", "--from", base) if base else ()
        seen = (option for folder, place in mounts for option in ("--volume", f"{folder}:{place}:ro"))
        self._call(
            *("bud", "--quiet", "--isolation", "chroot", "--layers=false", *on, *seen, "--tag", image),
            *("--file", dockerfile, context),
            purpose=image,
        )

    def write_archive(self, image: str, archive: Path) -> None:
        """Write an image as a docker-archive, in whole or not at all, and drop it from the store."""
        unfinished = archive.with_name(f".{archive.name}.unfinished")
        unfinished.unlink(missing_ok=True)  # the tool refuses to write over an archive
        self._call("push", "--quiet", image, f"docker-archive:{unfinished}:{image}", purpose=image)
        if not unfinished.exists():
            raise ImageNotBuilt(f"{image}: buildah push wrote no archive at {unfinished}")
        unfinished.replace(archive)
        self._call("rmi", image, purpose=f"clearing up after {image}")

    def _call(self, *arguments: str | Path, purpose: str) -> str:
        # Its lock files must not outlive the machine's start, hence the run folder beside the store.
        where = ("--root", self.store / "root", "--runroot", self.store / "run", "--storage-driver", "vfs")
        return run(("buildah", *where, *arguments), purpose=purpose)
