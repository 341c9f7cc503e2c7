"""
Writes an OCI image archive around a few files, without a container engine.

`containerd` imports such an archive as it is. Good for programs that are one static file, or one and its libraries;
everything with a file system of its own is built from a Dockerfile instead (`build.py`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class FileImage:
    """An image that holds a few executables: its name, each file's place inside and on the host, command, user."""

    name: str
    files: tuple[tuple[str, Path], ...]
    command: tuple[str, ...]
    user: str


def write_archive(image: FileImage, archive: Path) -> None:
    """
    Write `image` as an OCI archive at `archive`, in whole or not at all.

    The same files give the same bytes. Raises FileNotFoundError when one is not there.
    """
    layer = _tar([(inside.lstrip("/"), path.read_bytes(), 0o755) for inside, path in image.files])
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": list(image.command), "User": image.user},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor(CONFIG, config),
            "layers": [_descriptor(LAYER, layer)],
        }
    )
    # containerd names the image by the first annotation; other tools read the second.
    names = {"io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": image.name}
    index = {"schemaVersion": 2, "manifests": [{**_descriptor(MANIFEST, manifest), "annotations": names}]}
    blobs = [(f"blobs/sha256/{_digest(blob)[7:]}", blob, 0o644) for blob in (layer, config, manifest)]
    head = [
        ("oci-layout", _json({"imageLayoutVersion": "1.0.0"}), 0o644),
        ("index.json", _json(index), 0o644),
    ]
    unfinished = archive.with_name(f".{archive.name}.{os.getpid()}")
    unfinished.write_bytes(_tar([*head, *blobs]))
    unfinished.replace(archive)


def _tar(files: Sequence[tuple[str, bytes, int]]) -> bytes:
    """The files as an uncompressed tar; times and owners are zero, so equal files give equal bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data, mode in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}
