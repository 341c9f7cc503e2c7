"""
The values of `workloads` from the raw object, with the API's own defaults.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

from collections.abc import Iterator, Sequence

from kubeproof.manifests.container_reading import read_container, read_reference, read_security
from kubeproof.manifests.containers import Reference
from kubeproof.manifests.fields import Raw, given, labels, quantities
from kubeproof.manifests.policies import Selector
from kubeproof.manifests.policy_reading import read_selector
from kubeproof.manifests.workloads import ClaimTemplate, Pod, Strategy, Volume, Workload

LASTING = ("Deployment", "StatefulSet")
DAEMONS = ("DaemonSet",)
TASKS = ("Job", "CronJob", "Pod")


def read_workload(document: Raw, namespace: str) -> Workload:
    """Read a workload; `namespace` is that of an object that names none."""
    kind, metadata = document["kind"], document["metadata"]
    spec, prefix = _maker(document)
    template = document if kind == "Pod" else spec["template"]
    pod = template["spec"]
    if not pod["containers"]:
        raise ValueError("it has no container")
    pod_labels = labels((template.get("metadata") or {}).get("labels"))
    volumes = tuple(_volume(volume, f"volumes[{n}]") for n, volume in enumerate(pod.get("volumes") or ()))
    templates = tuple(
        read_claim(claim, namespace, f"{prefix}volumeClaimTemplates[{n}]")
        for n, claim in enumerate(spec.get("volumeClaimTemplates") or ())
    )
    replicas = spec.get("parallelism") if kind in TASKS else spec.get("replicas")
    return Workload(
        kind=kind,
        name=metadata["name"],
        labels=pod_labels,
        selector=labels((spec.get("selector") or {}).get("matchLabels")),
        replicas=1 if replicas is None else int(replicas),
        containers=tuple(read_container(c, f"containers[{n}]") for n, c in enumerate(pod["containers"])),
        grace_seconds=float(given(pod, "terminationGracePeriodSeconds", 30)),
        progress_deadline=float(given(spec, "progressDeadlineSeconds", 600)),
        claims=(*(claim.name for claim in templates), *(volume.claim for volume in volumes if volume.claim)),
        namespace=metadata.get("namespace") or namespace,
        sets_replicas=replicas is not None,
        init=tuple(read_container(c, f"initContainers[{n}]") for n, c in enumerate(pod.get("initContainers") or ())),
        pod=_pod(pod, volumes, f"{prefix}template.spec" if kind != "Pod" else "spec", template),
        strategy=_strategy(spec, kind),
        min_ready=float(given(spec, "minReadySeconds", 0)),
        governing_service=spec.get("serviceName") or None if kind == "StatefulSet" else None,
        claim_templates=templates,
        selection=read_selector(spec["selector"], "spec.selector") if spec.get("selector") else None,
    )


def _maker(document: Raw) -> tuple[Raw, str]:
    """The spec that holds the pod template, and the path of that spec."""
    if document["kind"] == "CronJob":
        return document["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec."
    return document["spec"], "spec."


def _strategy(spec: Raw, kind: str) -> Strategy:
    found = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    rolling = found.get("rollingUpdate") or {}
    # A StatefulSet, and a DaemonSet that does not say otherwise, takes a pod before it makes its successor.
    surge, unavailable = ("25%", "25%") if kind == "Deployment" else (0, 1)
    return Strategy(
        found.get("type") or "RollingUpdate",
        given(rolling, "maxSurge", surge),
        given(rolling, "maxUnavailable", unavailable),
    )


def _pod(pod: Raw, volumes: tuple[Volume, ...], path: str, template: Raw) -> Pod:
    return Pod(
        path=path,
        account=pod.get("serviceAccountName") or pod.get("serviceAccount") or "default",
        mounts_token=pod.get("automountServiceAccountToken"),
        pull_secrets=tuple(str(secret.get("name")) for secret in pod.get("imagePullSecrets") or ()),
        priority_class=pod.get("priorityClassName") or None,
        service_links=bool(given(pod, "enableServiceLinks", True)),
        host_network=bool(pod.get("hostNetwork")),
        host_pid=bool(pod.get("hostPID")),
        host_ipc=bool(pod.get("hostIPC")),
        host_users=bool(given(pod, "hostUsers", True)),
        security=read_security(pod.get("securityContext")),
        volumes=volumes,
        windows=(pod.get("os") or {}).get("name") == "windows",
        annotations=labels((template.get("metadata") or {}).get("annotations")),
        apart=tuple(_apart(pod)),
    )


def _apart(pod: Raw) -> Iterator[tuple[str, Selector]]:
    """Topology spread constraints and anti-affinities; a term without a selector selects nobody."""
    terms = [
        (f"topologySpreadConstraints[{n}]", term) for n, term in enumerate(pod.get("topologySpreadConstraints") or ())
    ]
    anti = (pod.get("affinity") or {}).get("podAntiAffinity") or {}
    for field in ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"):
        for n, term in enumerate(anti.get(field) or ()):
            # A preferred term has its weight beside it.
            terms.append((f"affinity.podAntiAffinity.{field}[{n}]", term.get("podAffinityTerm") or term))
    for place, term in terms:
        if term.get("labelSelector") is not None:
            yield place, read_selector(term["labelSelector"], f"{place}.labelSelector")


def _volume(raw: Raw, place: str) -> Volume:
    kind = next((field for field, value in raw.items() if field != "name" and value is not None), "emptyDir")
    source = raw.get(kind) or {}
    sources = [(kind, source, f"{place}.{kind}")]
    if kind == "projected":
        sources = [
            (field, value, f"{place}.projected.sources[{n}].{field}")
            for n, projection in enumerate(source.get("sources") or ())
            for field, value in projection.items()
        ]
    references = [reference for name, value, where in sources for reference in _volume_references(name, value, where)]
    made = source.get("volumeClaimTemplate") if kind == "ephemeral" else None
    claim = read_claim({"metadata": {"name": raw["name"]}, **made}, "", f"{place}.ephemeral") if made else None
    return Volume(raw["name"], kind, place, tuple(references), source.get("claimName"), claim)


def _volume_references(field: str, source: Raw, place: str) -> Iterator[Reference]:
    kind = {"configMap": "ConfigMap", "secret": "Secret"}.get(field)
    if kind is None:
        return
    named = {"name": source.get("secretName") or source.get("name"), "optional": source.get("optional")}
    items: Sequence[Raw] = source.get("items") or ()
    yield read_reference(kind, named, None, place)
    for n, item in enumerate(items):
        yield read_reference(kind, named, str(item["key"]), f"{place}.items[{n}].key")


def read_claim(document: Raw, namespace: str, place: str = "") -> ClaimTemplate:
    """Read a PersistentVolumeClaim, or a StatefulSet's template of one at `place`."""
    metadata, spec = document["metadata"], document.get("spec") or {}
    return ClaimTemplate(
        name=metadata["name"],
        capacity=dict(quantities((spec.get("resources") or {}).get("requests"))).get("storage"),
        modes=tuple(map(str, spec.get("accessModes") or ())),
        storage_class=spec.get("storageClassName"),
        place=place,
        namespace=metadata.get("namespace") or namespace,
    )
