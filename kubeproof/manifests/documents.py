"""
Parsed YAML documents before they become values: lists are taken apart, null fields left out, objects named in messages.

Raises ManifestError on a document that is no Kubernetes object.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


class ManifestError(ValueError):
    """A manifest that cannot be read: which object, and what is wrong with it."""

    def __init__(self, subject: str, problem: str) -> None:
        super().__init__(f"{subject}: {problem}")
        self.subject, self.problem = subject, problem


def flat(documents: Iterable[Document | None]) -> Iterator[Document]:
    """The objects of documents: empty documents are left out, a List, or a PodList, is its items."""
    for document in documents:
        if not document:
            continue
        if not isinstance(document, Mapping) or "kind" not in document:
            raise ManifestError("a document", "is no Kubernetes object: it has no kind")
        if str(document["kind"]).endswith("List") and "items" in document:
            yield from flat(_items(document))
        else:
            yield document


def _items(document: Document) -> Iterator[Document | None]:
    """The items of a list; those of a list of one kind may leave out apiVersion and kind."""
    kind = str(document["kind"]).removesuffix("List")
    given = {"apiVersion": document.get("apiVersion"), "kind": kind} if kind else {}
    for item in document["items"] or ():
        yield {**given, **item} if isinstance(item, Mapping) else item


def called(document: Document) -> str | None:
    """The name of an object, or the beginning of the one that the API server will give it; None without either."""
    metadata = document.get("metadata")
    if not isinstance(metadata, Mapping):
        return None
    return str(metadata.get("name") or metadata.get("generateName") or "") or None


def named(document: Document) -> str:
    """Kind/name of an object, for messages."""
    return f"{document.get('kind')}/{called(document) or '(no name)'}"


def without_null(value: Any) -> Any:
    """The same without null fields: the API takes null for a field that is not there."""
    if isinstance(value, Mapping):
        return {str(key): without_null(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_null(inner) for inner in value]
    return value
