"""
Where in the source an object and its fields stand: the file and line behind a path like `spec.ports[0].name`.

A kustomization is followed through its resources and components. The place of what a generator makes is the
kustomization, the place of what a patch adds the nearest field that the source has. Files that cannot be parsed are
left out: rendering them has failed before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from kubeproof.manifests.loading import KUSTOMIZATIONS, CannotLoad, files

_PART = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')
# In the order in which they may declare an object: a patch only when nothing else does.
_FOLLOWED = ("resources", "bases", "components", "patchesStrategicMerge")


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1."""

    path: Path
    line: int


class Origins:
    """The source files behind a folder, a file or a kustomization, parsed when first asked."""

    def __init__(self, manifests: Path) -> None:
        self._manifests = manifests

    def place(self, kind: str, name: str, field: str) -> Place | None:
        """The line of a field of an object, or of the nearest field above it; None when nothing is known."""
        found = self._objects.get((kind, name))
        if found is None:
            return Place(self._sources[0], 1) if self._sources else None
        path, node = found
        return Place(path, _line(node, field))

    @cached_property
    def _sources(self) -> tuple[Path, ...]:
        try:
            return tuple(dict.fromkeys(_sources(self._manifests)))
        except CannotLoad:
            return ()

    @cached_property
    def _objects(self) -> dict[tuple[str, str], tuple[Path, yaml.Node]]:
        objects: dict[tuple[str, str], tuple[Path, yaml.Node]] = {}
        for path in self._sources:
            for node in _documents(path):
                name = _text(_child(_child(node, "metadata"), "name"))
                kind = _text(_child(node, "kind"))
                if kind and name:
                    objects.setdefault((kind, name), (path, node))
        return objects


def _sources(path: Path) -> Iterator[Path]:
    kustomization = next((path / name for name in KUSTOMIZATIONS if (path / name).is_file()), None)
    if kustomization is None:
        yield from files(path)
        return
    yield kustomization
    for node in _documents(kustomization):
        for field in _FOLLOWED:
            entries = _child(node, field)
            for entry in entries.value if isinstance(entries, yaml.SequenceNode) else ():
                target = path / str(entry.value)
                if target.exists():
                    yield from _sources(target)


def _documents(path: Path) -> list[yaml.Node]:
    try:
        return [node for node in yaml.compose_all(path.read_text(encoding="utf-8"), yaml.SafeLoader) if node]
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return []


def _line(node: yaml.Node, field: str) -> int:
    line = node.start_mark.line
    for quoted, index, name in _PART.findall(field):
        if index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line
            continue
        key = next((key for key, _ in _pairs(node) if key.value == (quoted or name)), None)
        if key is None:
            break
        node, line = _child(node, key.value) or node, key.start_mark.line
    return int(line) + 1


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: yaml.Node | None) -> str | None:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None
