"""
Manifests, already parsed from YAML, into a System: each object by the reader of its kind.

Defaults are those of the Kubernetes API, so that a value is what the cluster will do, not what was typed. An object of
a kind without a reader is kept by name in `System.others`. Raises ManifestError, which names the object: `read_system`
on the first that cannot be read, `read_readable` on a document that is no object at all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubeproof.manifests import object_reading as read
from kubeproof.manifests.access import read_account, read_binding, read_role
from kubeproof.manifests.documents import Document, ManifestError, called, flat, named, without_null
from kubeproof.manifests.fields import labels
from kubeproof.manifests.gateway import ROUTES, read_gateway, read_grant, read_route
from kubeproof.manifests.objects import Named, Namespace
from kubeproof.manifests.policy_reading import read_policy
from kubeproof.manifests.system import System, Unread
from kubeproof.manifests.workload_reading import DAEMONS, LASTING, TASKS, read_claim, read_workload

Read = Callable[[Document, str], Any]

# The field of System that a kind is read into, and how; the second argument is the system's namespace.
_READERS: dict[str, tuple[str, Read]] = {
    **dict.fromkeys(LASTING, ("workloads", read_workload)),
    **dict.fromkeys(DAEMONS, ("daemons", read_workload)),
    **dict.fromkeys(TASKS, ("tasks", read_workload)),
    "Service": ("services", read.read_service),
    "HorizontalPodAutoscaler": ("autoscalers", read.read_autoscaler),
    "NetworkPolicy": ("policies", read_policy),
    "PodDisruptionBudget": ("budgets", read.read_budget),
    "ConfigMap": ("configs", read.read_config),
    "Secret": ("configs", read.read_config),
    "PersistentVolumeClaim": ("claims", read_claim),
    "PersistentVolume": ("volumes", lambda document, _: read.read_volume(document)),
    "ServiceAccount": ("accounts", read_account),
    "Role": ("roles", read_role),
    "ClusterRole": ("roles", read_role),
    "RoleBinding": ("bindings", read_binding),
    "ClusterRoleBinding": ("bindings", read_binding),
    "ResourceQuota": ("quotas", read.read_quota),
    "LimitRange": ("limit_ranges", read.read_limit_range),
    "Ingress": ("ingresses", read.read_ingress),
    **dict.fromkeys(ROUTES, ("routes", read_route)),
    "Gateway": ("gateways", read_gateway),
    "ReferenceGrant": ("grants", read_grant),
    "Namespace": ("namespaces", lambda document, _: _read_namespace(document)),
    "PriorityClass": ("classes", lambda document, _: Named(document["kind"], document["metadata"]["name"])),
    "StorageClass": ("classes", lambda document, _: Named(document["kind"], document["metadata"]["name"])),
}


def read_system(documents: Iterable[Document | None]) -> System:
    """Read manifests as `read_readable` does; an object that cannot be read is an error."""
    system = read_readable(documents)
    for unread in system.unreadable:
        raise ManifestError(str(unread), unread.why)
    return system


def read_readable(
    documents: Iterable[Document | None], refuse: Callable[[Document], str | None] = lambda _: None
) -> System:
    """
    Read every object that can be read; the namespace is that of the workloads, else of the Namespace object.

    `refuse` gives the reason why an object is not to be read, though its kind has a reader.
    """
    objects = tuple(flat(documents))
    namespace = _namespace_of(objects)
    found: dict[str, list[Any]] = {}
    others: list[Unread] = []
    for document in objects:
        field, reader = ("", None) if _is_foreign(document) else _READERS.get(str(document["kind"]), ("", None))
        refused = reader and refuse(document)
        if reader is None or refused:
            others.append(_unread(document, f"cannot be read: {refused}" if refused else ""))
            continue
        try:
            found.setdefault(field, []).append(reader(_as_named(document), namespace))
        except KeyError as error:
            others.append(_unread(document, f"cannot be read: it has no {error}"))
        except ValueError as error:
            others.append(_unread(document, f"cannot be read: {error}"))
        except (TypeError, AttributeError) as error:
            others.append(_unread(document, f"cannot be read: a field of it is of another type ({error})"))
    values = {field: tuple(values) for field, values in found.items()}
    return System(
        **{"workloads": (), **values},
        namespace=namespace,
        others=tuple(others),
        documents=objects,
    )


def _as_named(document: Document) -> Document:
    """The object without null fields, under its name or the beginning of a generated one."""
    present, name = without_null(document), called(document)
    return {**present, "metadata": {**present["metadata"], "name": name}} if name else present


def _unread(document: Document, why: str = "") -> Unread:
    kind, _, name = named(document).partition("/")
    spec: Any = document.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    pod = template.get("spec") if isinstance(template, Mapping) else None
    return Unread(kind, name, why, makes_pods=isinstance(pod, Mapping) and "containers" in pod)


def _namespace_of(objects: Iterable[Document]) -> str:
    """The namespace of the first workload that names one, Deployments first; else the Namespace object."""
    workloads, tasks, namespaces = [], [], []
    for document in objects:
        metadata = document.get("metadata")
        if not isinstance(metadata, Mapping):
            continue
        if document["kind"] in LASTING:
            workloads.append(metadata.get("namespace"))
        elif document["kind"] in (*DAEMONS, *TASKS):
            tasks.append(metadata.get("namespace"))
        elif document["kind"] == "Namespace":
            namespaces.append(metadata.get("name"))
    return next((str(name) for name in (*workloads, *tasks, *namespaces) if name), "default")


def _is_foreign(document: Document) -> bool:
    """Whether a kind is an extension's; its name may be one of Kubernetes, as that of a Knative Service is."""
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def _read_namespace(document: Document) -> Namespace:
    return Namespace(document["metadata"]["name"], labels(document["metadata"].get("labels")))
