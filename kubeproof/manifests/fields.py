"""Fields that every kind of raw object may have, and how they are read."""

from collections.abc import Mapping
from typing import Any

from kubeproof.manifests.containers import Quantities
from kubeproof.manifests.labels import Labels

Raw = Mapping[str, Any]


def labels(mapping: Raw | None) -> Labels:
    """Labels or annotations, sorted."""
    return tuple(sorted((str(key), str(value)) for key, value in (mapping or {}).items()))


def quantities(mapping: Raw | None) -> Quantities:
    """Resources and their quantities as written, sorted."""
    return tuple(sorted((str(key), str(value)) for key, value in (mapping or {}).items()))


def given(mapping: Raw, field: str, default: Any) -> Any:
    """The field's value; null is the same as no field, as it is to the API."""
    value = mapping.get(field)
    return default if value is None else value


def namespace_of(document: Raw, default: str) -> str:
    """The namespace of an object: the one it names, else `default`."""
    return str(document["metadata"].get("namespace") or default)
