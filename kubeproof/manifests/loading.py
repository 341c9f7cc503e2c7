"""
Manifests into parsed documents: from a kustomization, a folder of YAML, one file, or standard input.

A folder may be somebody's whole repository: hidden files are left out, and so are files that hold no Kubernetes object,
such as a compose file or package.json. A file that is named itself must hold objects and nothing else.

Raises RenderFailed, NoKubectl, or CannotLoad(path, problem).
"""

import sys
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from kubeproof.manifests.documents import Document, ManifestError, flat
from kubeproof.manifests.rendering import find_kubectl, render

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
SUFFIXES = (".yaml", ".yml", ".json")
STANDARD_INPUT = "-"
# libyaml's parser where PyYAML was built with it: ten times as fast.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CannotLoad(Exception):
    """A file or folder that holds no manifests that can be parsed, and why."""

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


class _Loader(_Base):  # type: ignore[misc]
    """YAML as Kubernetes reads it: a date is a text, and a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for key in keys if keys.count(key) > 1 and key != "<<"), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} stands twice", node.start_mark)
        return dict(super().construct_mapping(node, deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def load(path: Path | str) -> list[Document]:
    """All documents behind a path; `-` is standard input."""
    if str(path) == STANDARD_INPUT:
        return parse(sys.stdin.read(), "standard input")
    folder = Path(path)
    if is_kustomization(folder):
        return parse(render(folder, kubectl=find_kubectl()), f"{folder} rendered")
    found = list(files(folder))
    if folder.is_dir():
        _refuse_kustomizations(folder, found)
    documents = [document for file in found for document in _objects_of(file, in_folder=folder.is_dir())]
    if not documents:
        raise CannotLoad(path, "there is no manifest")
    return documents


def _refuse_kustomizations(folder: Path, found: list[Path]) -> None:
    """Bases, overlays and patches together are no system: somebody has to name one kustomization."""
    folders = [str(file.parent) for file in found if file.name in KUSTOMIZATIONS]
    if folders:
        named = ", ".join(folders[:4]) + (", ..." if len(folders) > 4 else "")
        raise CannotLoad(folder, f"there are kustomizations below it, name one with --manifests: {named}")


def _objects_of(file: Path, *, in_folder: bool) -> list[Document]:
    """The objects of a file; of one in a folder that holds something else, none."""
    documents = _documents(_read(file), file)
    if in_folder and not any(map(_is_like_an_object, documents)):
        return []
    return _objects(documents, file)


def _is_like_an_object(document: Any) -> bool:
    if isinstance(document, list):
        return any(map(_is_like_an_object, document))
    return isinstance(document, dict) and ("kind" in document or "apiVersion" in document)


def is_kustomization(folder: Path) -> bool:
    """Whether a folder is one that kustomize renders."""
    return any((folder / name).is_file() for name in KUSTOMIZATIONS)


def files(path: Path) -> Iterator[Path]:
    """The file itself, or every YAML and JSON file below a folder that is not hidden, by name."""
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(file for file in path.rglob("*") if _is_yaml(file) and not _is_hidden(file, path))
    else:
        raise CannotLoad(path, "there is no such file or folder")


def _is_yaml(file: Path) -> bool:
    return (file.suffix in SUFFIXES or file.name in KUSTOMIZATIONS) and file.is_file()


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def parse(text: str, path: Path | str) -> list[Document]:
    """The objects of a text; `path` is for messages."""
    return _objects(_documents(text, path), path)


def _objects(documents: list[Any], path: Path | str) -> list[Document]:
    try:
        return list(flat(documents))
    except ManifestError as error:
        raise CannotLoad(path, f"holds {error.subject} that {error.problem}") from error


def _documents(text: str, path: Path | str) -> list[Any]:
    """The documents of a text that are not empty, whatever they are."""
    try:
        return [document for document in yaml.load_all(text, Loader=_Loader) if document]
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        hint = ": render the chart first, helm template CHART | ... --manifests -" if "{{" in text else ""
        raise CannotLoad(path, f"is not YAML ({reason}){hint}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotLoad(path, f"cannot be read: {error}") from error
