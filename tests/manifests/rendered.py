"""Our manifests, rendered: overlays as they are, and copies of the folder with a change in them."""

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kubeproof.manifests.rendering import find_kubectl, render

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
SERVICES = ("microservice-1", "microservice-2")
GENERATED = r"(-[a-z0-9]{10})?"  # what a generator adds to a name: a checksum of the content
Document = dict[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where there is one, is ten times as fast


@cache
def rendered(overlay: str) -> tuple[Document, ...]:
    """The objects of an overlay, in the order of the rendering."""
    return documents(MANIFESTS / "overlays" / overlay)


def documents(folder: Path) -> tuple[Document, ...]:
    return parsed(render(folder, kubectl=find_kubectl()))


def parsed(text: str) -> tuple[Document, ...]:
    return tuple(yaml.load_all(text, Loader=LOADER))


def copied(to: Path) -> Path:
    """A copy of all manifests, to be changed and rendered."""
    return shutil.copytree(MANIFESTS, to / "manifests")


def with_component(component: str, to: Path) -> tuple[Document, ...]:
    """The base with a component on top."""
    manifests = copied(to)
    overlay = manifests / "overlays" / "tried"
    overlay.mkdir()
    kustomization = {"resources": ["../../base"], "components": [f"../../components/{component}"]}
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump({"namespace": "microservices", **kustomization}))
    return documents(overlay)


def named(kind: str, name: str, among: tuple[Document, ...] | None = None) -> Document:
    """The one object of this kind and name, with or without a checksum in it; of production unless told."""
    pattern = re.compile(re.escape(name) + GENERATED)
    found = [
        document
        for document in (rendered("production") if among is None else among)
        if document["kind"] == kind and pattern.fullmatch(document["metadata"]["name"])
    ]
    assert len(found) == 1, f"{kind}/{name}: {[document['metadata']['name'] for document in found]}"
    return found[0]


def of_kind(*kinds: str, among: tuple[Document, ...] | None = None) -> list[Document]:
    return [document for document in (rendered("production") if among is None else among) if document["kind"] in kinds]


def images(among: tuple[Document, ...]) -> set[str]:
    return {container["image"] for _, pod in pods(among=among) for container in pod["spec"]["containers"]}


def pods(*kinds: str, among: tuple[Document, ...] | None = None) -> Iterator[tuple[str, Document]]:
    """Name of the owner and template of every kind of pod there is."""
    for owner in of_kind(*(kinds or ("Deployment", "StatefulSet", "CronJob")), among=among):
        spec = owner["spec"]["jobTemplate"]["spec"] if owner["kind"] == "CronJob" else owner["spec"]
        yield owner["metadata"]["name"], spec["template"]
