"""What the API server takes of any object: its schema, a name of its own, labels that are spelled as labels are."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from kubeproof.manifests.documents import called, named
from kubeproof.manifests.schema import kinds, violations
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import mapping_at
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged

NO_OBJECTS = "there is no object of Kubernetes' own kinds"


def examine_schema(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object of a kind of Kubernetes itself; those of extensions have no schema here."""
    del profile
    for document in system.documents:
        refused = violations(document)
        if refused is None:
            continue
        subject = named(document)
        if called(document) is None:
            yield broken(subject, "metadata.name", "nothing", "a name", "give it one: without it the API refuses it")
        for violation in refused:
            fix = "write the field as the API knows it"
            yield broken(subject, violation.field, violation.found, violation.wanted, fix)
        if not refused and called(document):
            yield holds(subject, "", "valid", f"what {kinds().version} takes")


SCHEMA = Rule(
    name="static.schema",
    law="every object is what the Kubernetes API takes: known fields, right types, nothing required missing",
    source="OpenAPI schemas of the API server, /openapi/v3",
    examine=examine_schema,
    nothing=NO_OBJECTS,
    judges_text=True,
)


def examine_unique_names(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object by apiVersion's group, kind, namespace and name."""
    del profile
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for document in system.documents:
        given = document.get("metadata")
        metadata = given if isinstance(given, Mapping) else {}
        group = str(document.get("apiVersion", "")).rpartition("/")[0]
        namespace = str(metadata.get("namespace") or system.namespace)
        if metadata.get("name"):
            seen[group, str(document.get("kind")), namespace, str(metadata["name"])] += 1
    for (_, kind, namespace, name), times in seen.items():
        subject, wanted = f"{kind}/{name}", "one object of that name"
        if times > 1:
            found = f"{times} of that name in {namespace}"
            yield broken(subject, "metadata.name", found, wanted, "rename or remove all but one: the last applied wins")
        else:
            yield holds(subject, "metadata.name", "one", wanted)


UNIQUE_NAMES = Rule(
    name="static.unique-names",
    law="no two objects of one kind have the same name in a namespace",
    source="kubernetes.io, Object Names and IDs",
    examine=examine_unique_names,
    nothing=NO_OBJECTS,
    judges_text=True,
)


_is_name = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?").fullmatch


_is_domain = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*").fullmatch


_FORM = "letters, digits, - _ . between letters or digits, at most 63; a key may have a domain and / before it"


def examine_labels(system: System, profile: Profile) -> Iterator[Finding]:
    """Every place with labels of an object or of its pods, or that selects by them."""
    del profile
    for document in system.documents:
        for path, labels in _labels(document, ""):
            yield _spelled(named(document), path, labels)
        # Only of a Service is this nothing but labels.
        selector = mapping_at(document, "spec.selector") if document.get("kind") == "Service" else {}
        if selector and _are_texts(selector):
            yield _spelled(named(document), "spec.selector", selector)


def _labels(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _labels(item, f"{path}[{n}]")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            below = f"{path}.{name}" if path else str(name)
            is_labels = name in ("matchLabels", "nodeSelector") or (name == "labels" and path.endswith("metadata"))
            # A schema has such names as well, of something else.
            if is_labels and isinstance(inner, Mapping) and _are_texts(inner):
                yield below, inner
            else:
                yield from _labels(inner, below)


def _are_texts(labels: Mapping[Any, Any]) -> bool:
    return all(isinstance(text, str) for pair in labels.items() for text in pair)


def _spelled(subject: str, path: str, labels: Mapping[str, str]) -> Finding:
    wrong = [
        f"{key}: {value}" for key, value in labels.items() if not (_is_key(key) and (not value or _is_name(value)))
    ]
    found = ", ".join(wrong) or f"{len(labels)} labels"
    return judged(not wrong, subject, path, found, _FORM, "spell it so, or make it an annotation")


def _is_key(key: str) -> bool:
    domain, slash, name = key.rpartition("/")
    return bool(_is_name(name)) and (not slash or bool(_is_domain(domain)))


LABELS = Rule(
    name="static.labels",
    law="every label, and every label that is selected by, is spelled as the API takes it",
    source="kubernetes.io, Labels and Selectors: Syntax and character set",
    examine=examine_labels,
    nothing="nothing has a label or selects by one",
)
