"""
Manifests with something changed on top: rendered anew, so that what follows from the change follows, as in a release.

A kustomization gets a layer above it: a name that carries a checksum of its content is made anew, and every reference
to it. Plain YAML has no such names, and is changed as it is.
"""

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubeproof.manifests.documents import Document
from kubeproof.manifests.loading import is_kustomization, load

CHANGED_KEY = "KUBEPROOF_CHANGED"


def write_layer(base: Path, into: Path, **fields: Any) -> Path:
    """Write a kustomization into the folder `into`, of `base` and with these fields; give the folder."""
    # Kustomize refuses absolute roots, and resolves relative ones against the real path.
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(base.resolve(), into.resolve())],
        **fields,
    }
    (into / "kustomization.yaml").write_text(yaml.safe_dump(kustomization, sort_keys=False))
    return into


def with_changed_configuration(manifests: Path, value: str) -> list[Document]:
    """
    Every object of the manifests, after each ConfigMap and Secret was given one more entry, CHANGED_KEY.

    Raises what `load` raises.
    """
    entries = {"ConfigMap": value, "Secret": base64.b64encode(value.encode()).decode()}
    if not is_kustomization(manifests):
        return [_with_entry(document, entries.get(str(document["kind"]))) for document in load(manifests)]
    patches = [
        {"target": {"kind": kind}, "patch": yaml.safe_dump(_patch(kind, entry))} for kind, entry in entries.items()
    ]
    with tempfile.TemporaryDirectory(prefix="kubeproof-change-") as folder:
        return load(write_layer(manifests, Path(folder), patches=patches))


def _patch(kind: str, entry: str) -> Document:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "every"}, "data": {CHANGED_KEY: entry}}


def _with_entry(document: Document, entry: str | None) -> Document:
    if entry is None:
        return document
    content: Mapping[str, Any] = document.get("data") or {}
    return {**document, "data": {**content, CHANGED_KEY: entry}}
