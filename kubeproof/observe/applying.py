"""
Objects of rendered manifests, created on a cluster.

What lies outside of the run's namespaces belongs to its main one (an owner reference): Kubernetes deletes it when that
namespace goes, also when the run was killed and a later one clears up. Nobody else's object is touched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from kubeproof.observe.api_errors import Refused, words
from kubeproof.observe.waiting import NotInTime, wait_until

RUN_LABEL = "kubeproof.dev/run"
FIELD_MANAGER = "kubeproof"
COLLECTED = 60.0  # seconds from the end of a namespace until what it owned is gone: the collector's own pace

Document = Mapping[str, Any]


class ApplyFailed(Exception):
    """The API server refused an object of the manifests."""


@dataclass(frozen=True)
class Owner:
    """The main namespace of a run: what the run makes outside of it is gone when it is."""

    run: str
    namespace: str
    uid: str


def apply(resources: Any, documents: Iterable[Document], owner: Owner) -> tuple[str, ...]:
    """
    Create every object; give the names of those that are cluster-scoped, were there before and so were left alone.

    `resources` is a dynamic client's: it knows what the cluster has, and what of it has a namespace. An object that
    another run made is waited for. Raises ApplyFailed with the server's words.
    """
    left = []
    for document in documents:
        version, kind, metadata = document["apiVersion"], document["kind"], document["metadata"]
        what = f"{kind}/{metadata['name']}"
        try:
            resource = _resource(resources, document)
            if resource.namespaced:
                resource.create(body=document, namespace=metadata["namespace"])
            elif not _create_owned(resource, what, _owned(document, owner)):
                left.append(what)
        except ResourceNotFoundError as error:
            raise ApplyFailed(f"{what}: the cluster has no {version} {kind}") from error
        except ApiException as error:
            raise ApplyFailed(f"{what}: {words(error)}") from error
    return tuple(left)


def apply_again(resources: Any, documents: Iterable[Document]) -> None:
    """
    Bring objects of namespaces to what is declared now, as a release does: changed where they are there, else made.

    Jobs are left as they are: they have run, and their templates cannot be changed. Raises Refused with the server's
    words: what was deployed is there all the same.
    """
    for document in documents:
        kind, metadata = document["kind"], document["metadata"]
        resource = _resource(resources, document)
        if not resource.namespaced or kind == "Job":
            continue
        try:
            resource.server_side_apply(
                body=document,
                name=metadata["name"],
                namespace=metadata["namespace"],
                field_manager=FIELD_MANAGER,
                force_conflicts=True,
            )
        except ApiException as error:
            raise Refused(f"{kind}/{metadata['name']}: {words(error)}") from error


def _resource(resources: Any, document: Document) -> Any:
    """What the cluster calls an object of this kind; raises ResourceNotFoundError."""
    version = document["apiVersion"]
    # Without the prefix every group is asked for a kind of the core, and one that is down would be in the way.
    return resources.get(prefix="apis" if "/" in version else "api", api_version=version, kind=document["kind"])


def _owned(document: Document, owner: Owner) -> Document:
    # A custom resource may be cluster-scoped: only the cluster knows, and renaming gave it a namespace all the same.
    metadata = {name: value for name, value in document["metadata"].items() if name != "namespace"}
    labels = {**(metadata.get("labels") or {}), RUN_LABEL: owner.run}
    reference = {"apiVersion": "v1", "kind": "Namespace", "name": owner.namespace, "uid": owner.uid}
    return {**document, "metadata": {**metadata, "labels": labels, "ownerReferences": [reference]}}


def _create_owned(resource: Any, what: str, body: Document) -> bool:
    """Create an object of the run's own; False when there is one that no run made."""
    created: list[bool] = []

    def settled() -> bool:
        try:
            resource.create(body=body)
            created.append(True)
        except ApiException as error:
            if error.status != 409:
                raise
            if not _is_of_a_run(resource, body["metadata"]["name"]):
                created.append(False)
        return bool(created)

    try:
        wait_until(settled, within=COLLECTED, hoping=f"the {what} of another run is gone")
    except NotInTime as late:
        raise ApplyFailed(f"{what} belongs to another run on this cluster: {late}") from late
    return created[0]


def _is_of_a_run(resource: Any, name: str) -> bool:
    try:
        return RUN_LABEL in (resource.get(name=name).to_dict()["metadata"].get("labels") or {})
    except ApiException as error:
        if error.status == 404:
            return True  # it has just gone, as only a run's does
        raise
