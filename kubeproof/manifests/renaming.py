"""
Manifests moved into another namespace, so that a run never touches the namespace that carries the real name.

Whatever names the old namespace is changed too: references, service account subjects, namespace selectors, DNS names
in configuration; and the hosts of Ingress and Gateway API objects, which a cluster can serve only once.
Cluster-scoped objects keep their names, for a rename would change what they mean.
"""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from kubeproof.manifests.documents import Document, flat
from kubeproof.manifests.reading import read_system
from kubeproof.manifests.routes import ANY_HOST, HTTP_ROUTE, INGRESS, is_kind, own_host

CLUSTER_SCOPED = frozenset(
    (
        "APIService",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CustomResourceDefinition",
        "GatewayClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    )
)
_NAME_LABEL = "kubernetes.io/metadata.name"


def rename(documents: Iterable[Document | None], namespace: str) -> list[dict[str, Any]]:
    """
    Copies of the documents with every namespaced object in `namespace`.

    The system's own Namespace object takes the new name and keeps its labels; other Namespace objects are
    dropped, because nothing would live in them.
    """
    objects = list(flat(documents))
    old = read_system(objects).namespace
    services = [str(document["metadata"]["name"]) for document in objects if document["kind"] == "Service"]
    moved = []
    for document in objects:
        copy = deepcopy(dict(document))
        if copy["kind"] == "Namespace":
            if copy["metadata"]["name"] != old:
                continue
            copy["metadata"]["name"] = namespace
        elif copy["kind"] not in CLUSTER_SCOPED:
            copy.setdefault("metadata", {})["namespace"] = namespace
        for subject in copy.get("subjects") or ():
            if subject.get("namespace") == old or subject.get("kind") == "ServiceAccount":
                subject["namespace"] = namespace
        _own_hosts(copy, namespace)
        moved.append(_texts(copy, _moving(old, namespace, services)))
    return moved


def _own_hosts(document: dict[str, Any], namespace: str) -> None:
    """Put hosts of this namespace's own in the place of those that the document names, or leaves open."""
    spec: dict[str, Any] = document.get("spec") or {}
    if is_kind(document, INGRESS):
        if default := spec.pop("defaultBackend", None):
            everything = {"path": "/", "pathType": "Prefix", "backend": default}
            spec["rules"] = [*(spec.get("rules") or ()), {"http": {"paths": [everything]}}]
        for rule in spec.get("rules") or ():
            rule["host"] = own_host(rule.get("host") or ANY_HOST, namespace)
        for certificate in spec.get("tls") or ():
            certificate["hosts"] = [own_host(host, namespace) for host in certificate.get("hosts") or ()]
    elif is_kind(document, HTTP_ROUTE):
        spec["hostnames"] = [own_host(host, namespace) for host in spec.get("hostnames") or (ANY_HOST,)]
    elif document["kind"] == "Gateway":
        for listener in spec.get("listeners") or ():
            if "hostname" in listener:
                listener["hostname"] = own_host(listener["hostname"], namespace)


def _moving(old: str, new: str, services: list[str]) -> Callable[[str, str], str]:
    """How to change a text under a key: the name of the old namespace, and DNS names of its Services."""
    names = "|".join(sorted(map(re.escape, services), key=len, reverse=True)) or r"(?!)"
    dns = re.compile(rf"(?<![\w.-])({names})\.{re.escape(old)}(?![\w-])")

    def move(key: str, text: str) -> str:
        if key in (_NAME_LABEL, "namespace"):
            return new if text == old else text
        return dns.sub(rf"\g<1>.{new}", text)

    return move


def _texts(value: Any, move: Callable[[str, str], str], key: str = "") -> Any:
    if isinstance(value, dict):
        # In a matchExpressions entry the label stands beside its values: {key: ..., values: [...]}.
        label = str(value.get("key"))
        return {name: _texts(inner, move, label if name == "values" else str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner, move, key) for inner in value]
    return move(key, value) if isinstance(value, str) else value
