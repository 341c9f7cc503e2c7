"""What the API server refuses although its schema takes it: labels, ports that stand twice, a Job's restart policy."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeproof.manifests.documents import Document, named
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged, titled

_is_name = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?").fullmatch
_is_domain = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*").fullmatch

_FORM = "letters, digits, - _ . between letters or digits, at most 63; a key may have a domain and / before it"

# Where a pod's restart policy stands, and which it may be: a Job's must be said, since the default is not among them.
_RESTARTS = {
    "Job": ("spec.template.spec", ("OnFailure", "Never")),
    "CronJob": ("spec.jobTemplate.spec.template.spec", ("OnFailure", "Never")),
    "Deployment": ("spec.template.spec", ("Always",)),
    "StatefulSet": ("spec.template.spec", ("Always",)),
    "DaemonSet": ("spec.template.spec", ("Always",)),
}


def examine_labels(system: System, profile: Profile) -> Iterator[Finding]:
    """Every place with labels of an object or of its pods, or that selects by them."""
    del profile
    for document in system.documents:
        for path, labels in _labels(document, ""):
            yield _spelled(named(document), path, labels)
        # Only of a Service is this nothing but labels.
        selector = _at(document, "spec.selector") if document.get("kind") == "Service" else {}
        if selector and _are_texts(selector):
            yield _spelled(named(document), "spec.selector", selector)


def _labels(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, list):
        for n, each in enumerate(value):
            yield from _labels(each, f"{path}[{n}]")
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
    return all(isinstance(each, str) for pair in labels.items() for each in pair)


def _spelled(subject: str, path: str, labels: Mapping[str, str]) -> Finding:
    wrong = [
        f"{key}: {value}" for key, value in labels.items() if not (_is_key(key) and (not value or _is_name(value)))
    ]
    found = ", ".join(wrong) or f"{len(labels)} labels"
    return judged(not wrong, subject, path, found, _FORM, "spell it so, or make it an annotation")


def _is_key(key: str) -> bool:
    domain, slash, name = key.rpartition("/")
    return bool(_is_name(name)) and (not slash or bool(_is_domain(domain)))


def examine_ports(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service's ports, and those of the containers that run together in a pod."""
    del profile
    for service in system.services:
        own = [f"{port.protocol} {port.port}" for port in service.ports]
        own += [f"the name {port.name}" for port in service.ports if port.name]
        yield from _once(titled(system, "Service", service), "spec.ports", own)
    for workload in system.running:
        # One container may give one port two names; two containers cannot both listen on it.
        own = [each for one in workload.lasting for each in {f"{port.protocol} {port.number}" for port in one.ports}]
        own += [f"the name {port.name}" for port in workload.ports if port.name]
        yield from _once(titled(system, workload.kind, workload), workload.path("containers"), own)


def _once(subject: str, field: str, taken: Iterable[str]) -> Iterator[Finding]:
    twice = [each for each, times in Counter(taken).items() if times > 1]
    wanted, fix = "each port and each name once", "remove one, or give it another number or name"
    for each in twice:
        yield broken(subject, field, f"{each} twice", wanted, fix)
    if not twice:
        yield holds(subject, field, "none twice", wanted)


def examine_restarts(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object that makes pods."""
    del profile
    for document in system.documents:
        if document.get("kind") in _RESTARTS:
            path, allowed = _RESTARTS[str(document["kind"])]
            policy = _at(document, path).get("restartPolicy", "Always")
            wanted, fix = " or ".join(allowed), f"say restartPolicy: {allowed[0]}"
            yield judged(policy in allowed, named(document), f"{path}.restartPolicy", policy, wanted, fix)


def _at(document: Document, path: str) -> Mapping[str, Any]:
    """What stands there; nothing when something else than an object does, of which static.schema tells."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


RULES = (
    Rule(
        name="static.labels",
        law="every label, and every label that is selected by, is spelled as the API takes it",
        source="kubernetes.io, Labels and Selectors: Syntax and character set",
        examine=examine_labels,
        nothing="nothing has a label or selects by one",
    ),
    Rule(
        name="static.ports-once",
        law="no Service and no pod has a port, or the name of one, twice",
        source="kubernetes/kubernetes, pkg/apis/core/validation: ValidateService, validateContainerPorts",
        examine=examine_ports,
        nothing="there is no Service, and nothing makes pods",
    ),
    Rule(
        name="static.restart-policy",
        law="pods of Jobs end, pods of everything else are restarted always",
        source="kubernetes/kubernetes, pkg/apis/batch/validation and apps/validation: restartPolicy",
        examine=examine_restarts,
        nothing="nothing in the manifests makes pods",
    ),
)
