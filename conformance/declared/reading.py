"""
Manifests, already parsed from YAML, into a System.

Defaults are those of the Kubernetes API, so that a value says what the cluster will do, not what was typed.
A kind that no value stands for is kept by name in `System.others`. Raises ManifestError, which names the
object.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.declared.objects import (
    Autoscaler,
    Container,
    Labels,
    Policy,
    Port,
    Probe,
    Service,
    ServicePort,
    System,
    Workload,
)

WORKLOAD_KINDS = ("Deployment", "StatefulSet")
Document = Mapping[str, Any]


class ManifestError(ValueError):
    """A manifest that cannot be read: which object, and what is wrong with it."""

    def __init__(self, subject: str, says: str) -> None:
        super().__init__(f"{subject}: {says}")
        self.subject, self.says = subject, says


def read_system(documents: Iterable[Document | None]) -> System:
    """Read rendered manifests; the namespace is that of the workloads, else of the Namespace object."""
    workloads: list[Workload] = []
    services: list[Service] = []
    autoscalers: list[Autoscaler] = []
    policies: list[Policy] = []
    others: list[str] = []
    namespaces: list[str] = []
    for document in flat(documents):
        subject = named(document)
        try:
            kind = document["kind"]
            if kind in WORKLOAD_KINDS:
                workloads.append(_workload(document))
                namespaces.insert(0, document["metadata"].get("namespace", ""))
            elif kind == "Service":
                services.append(_service(document))
            elif kind == "HorizontalPodAutoscaler":
                autoscalers.append(_autoscaler(document))
            elif kind == "NetworkPolicy":
                policies.append(_policy(document))
            else:
                others.append(subject)
                if kind == "Namespace":
                    namespaces.append(document["metadata"]["name"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ManifestError(subject, f"cannot be read ({type(error).__name__}: {error})") from error
    return System(
        namespace=next((name for name in namespaces if name), "default"),
        workloads=tuple(workloads),
        services=tuple(services),
        autoscalers=tuple(autoscalers),
        policies=tuple(policies),
        others=tuple(others),
    )


def flat(documents: Iterable[Document | None]) -> Iterator[Document]:
    """The objects among documents: empty documents are passed over, a List gives its items."""
    for document in documents:
        if not document:
            continue
        if not isinstance(document, Mapping) or "kind" not in document:
            raise ManifestError("a document of the manifests", "is not a Kubernetes object: it has no kind")
        if document["kind"] == "List":
            yield from flat(document.get("items") or ())
        else:
            yield document


def named(document: Document) -> str:
    """Kind/name of an object, for messages."""
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f"{document.get('kind')}/{name}"


def _labels(mapping: Mapping[str, Any] | None) -> Labels:
    return tuple(sorted((str(key), str(value)) for key, value in (mapping or {}).items()))


def _workload(document: Document) -> Workload:
    spec, template = document["spec"], document["spec"]["template"]
    pod = template["spec"]
    claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ()]
    claims += [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod.get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]
    replicas = spec.get("replicas")
    return Workload(
        kind=document["kind"],
        name=document["metadata"]["name"],
        labels=_labels(template.get("metadata", {}).get("labels")),
        selector=_labels(spec.get("selector", {}).get("matchLabels")),
        replicas=1 if replicas is None else int(replicas),
        containers=tuple(_container(c) for c in pod["containers"]),
        grace_seconds=float(pod.get("terminationGracePeriodSeconds", 30)),
        progress_deadline=float(spec.get("progressDeadlineSeconds", 600)),
        claims=tuple(claims),
    )


def _container(spec: Mapping[str, Any]) -> Container:
    kinds = ("liveness", "readiness", "startup")
    return Container(
        name=spec["name"],
        image=spec.get("image", ""),
        ports=tuple(
            Port(p.get("name"), int(p["containerPort"]), p.get("protocol", "TCP")) for p in spec.get("ports") or ()
        ),
        probes=tuple(_probe(kind, spec[f"{kind}Probe"]) for kind in kinds if spec.get(f"{kind}Probe")),
    )


def _probe(kind: str, spec: Mapping[str, Any]) -> Probe:
    http = spec.get("httpGet") or {}
    where = http or spec.get("tcpSocket") or spec.get("grpc") or {}
    return Probe(
        kind=kind,
        path=http.get("path", "/") if http else None,
        port=where.get("port"),
        period=float(spec.get("periodSeconds", 10)),
        timeout=float(spec.get("timeoutSeconds", 1)),
        failure_threshold=int(spec.get("failureThreshold", 3)),
        headers=tuple((h["name"], h["value"]) for h in http.get("httpHeaders") or ()),
    )


def _service(document: Document) -> Service:
    spec = document["spec"]
    return Service(
        name=document["metadata"]["name"],
        selector=_labels(spec.get("selector")),
        ports=tuple(
            ServicePort(p.get("name"), int(p["port"]), p.get("targetPort", p["port"]), p.get("protocol", "TCP"))
            for p in spec.get("ports") or ()
        ),
        headless=spec.get("clusterIP") == "None",
    )


def _autoscaler(document: Document) -> Autoscaler:
    spec = document["spec"]
    percent: dict[str, int] = {}
    for metric in spec.get("metrics") or ():
        resource = metric.get("resource") or {}
        utilisation = resource.get("target", {}).get("averageUtilization")
        if utilisation is not None:
            percent[resource["name"]] = int(utilisation)
    if "targetCPUUtilizationPercentage" in spec:  # autoscaling/v1
        percent["cpu"] = int(spec["targetCPUUtilizationPercentage"])
    return Autoscaler(
        name=document["metadata"]["name"],
        target=spec["scaleTargetRef"]["name"],
        minimum=int(spec.get("minReplicas", 1)),
        maximum=int(spec["maxReplicas"]),
        cpu=percent.get("cpu"),
        memory=percent.get("memory"),
    )


def _policy(document: Document) -> Policy:
    spec = document["spec"]
    # The API's default: Ingress always, Egress only when there is a rule for it.
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return Policy(
        name=document["metadata"]["name"],
        pod_selector=_labels(spec.get("podSelector", {}).get("matchLabels")),
        types=tuple(types),
    )
