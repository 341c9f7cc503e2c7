"""
What makes pods, from the raw object, with the API's own defaults.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.declared.labels import Labels
from conformance.declared.policies import Selector
from conformance.declared.policy_reading import read_selector
from conformance.declared.workloads import (
    ClaimTemplate,
    Container,
    Hook,
    Mount,
    Pod,
    Port,
    Probe,
    Quantities,
    Reference,
    Security,
    Strategy,
    Variable,
    Volume,
    Workload,
)

LASTING = ("Deployment", "StatefulSet")
DAEMONS = ("DaemonSet",)
TASKS = ("Job", "CronJob", "Pod")
_SLEEP = re.compile(r"(?:.*\s)?sleep\s+(\d+(?:\.\d+)?)s?")

Raw = Mapping[str, Any]


def labels(mapping: Raw | None) -> Labels:
    """Labels or annotations, sorted."""
    return tuple(sorted((str(key), str(value)) for key, value in (mapping or {}).items()))


def quantities(mapping: Raw | None) -> Quantities:
    """Resources and their quantities as written, sorted."""
    return tuple(sorted((str(key), str(value)) for key, value in (mapping or {}).items()))


def read_workload(document: Raw, namespace: str) -> Workload:
    """Read what makes pods; `namespace` is where it goes when it does not say."""
    kind, metadata = document["kind"], document["metadata"]
    spec, prefix = _maker(document)
    template = document if kind == "Pod" else spec["template"]
    pod = template["spec"]
    if not pod["containers"]:
        raise ValueError("it has no container")
    pod_labels = labels((template.get("metadata") or {}).get("labels"))
    volumes = tuple(_volume(each, f"volumes[{n}]") for n, each in enumerate(pod.get("volumes") or ()))
    templates = tuple(
        read_claim(each, namespace, f"{prefix}volumeClaimTemplates[{n}]")
        for n, each in enumerate(spec.get("volumeClaimTemplates") or ())
    )
    replicas = spec.get("parallelism") if kind in TASKS else spec.get("replicas")
    return Workload(
        kind=kind,
        name=metadata["name"],
        labels=pod_labels,
        selector=labels((spec.get("selector") or {}).get("matchLabels")),
        replicas=1 if replicas is None else int(replicas),
        containers=tuple(_container(c, f"containers[{n}]") for n, c in enumerate(pod["containers"])),
        grace_seconds=float(_given(pod, "terminationGracePeriodSeconds", 30)),
        progress_deadline=float(_given(spec, "progressDeadlineSeconds", 600)),
        claims=(*(each.name for each in templates), *(each.claim for each in volumes if each.claim)),
        namespace=metadata.get("namespace") or namespace,
        says_replicas=replicas is not None,
        init=tuple(_container(c, f"initContainers[{n}]") for n, c in enumerate(pod.get("initContainers") or ())),
        pod=_pod(pod, volumes, f"{prefix}template.spec" if kind != "Pod" else "spec", template),
        strategy=_strategy(spec, kind),
        min_ready=float(_given(spec, "minReadySeconds", 0)),
        governing_service=spec.get("serviceName") or None if kind == "StatefulSet" else None,
        claim_templates=templates,
        selection=read_selector(spec["selector"], "spec.selector") if spec.get("selector") else None,
    )


def _maker(document: Raw) -> tuple[Raw, str]:
    """The spec that holds the pod template, and the path of that spec."""
    if document["kind"] == "CronJob":
        return document["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec."
    return document["spec"], "spec."


def _given(mapping: Raw, field: str, default: Any) -> Any:
    """The field's value; a null is what was not said, for the API too."""
    value = mapping.get(field)
    return default if value is None else value


def _strategy(spec: Raw, kind: str) -> Strategy:
    found = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    rolling = found.get("rollingUpdate") or {}
    # A StatefulSet, and a DaemonSet that does not say otherwise, takes a pod before it makes its successor.
    surge, unavailable = ("25%", "25%") if kind == "Deployment" else (0, 1)
    return Strategy(
        found.get("type") or "RollingUpdate",
        _given(rolling, "maxSurge", surge),
        _given(rolling, "maxUnavailable", unavailable),
    )


def _pod(pod: Raw, volumes: tuple[Volume, ...], path: str, template: Raw) -> Pod:
    return Pod(
        path=path,
        account=pod.get("serviceAccountName") or pod.get("serviceAccount") or "default",
        mounts_token=pod.get("automountServiceAccountToken"),
        pull_secrets=tuple(str(each.get("name")) for each in pod.get("imagePullSecrets") or ()),
        priority_class=pod.get("priorityClassName") or None,
        service_links=bool(_given(pod, "enableServiceLinks", True)),
        host_network=bool(pod.get("hostNetwork")),
        host_pid=bool(pod.get("hostPID")),
        host_ipc=bool(pod.get("hostIPC")),
        host_users=bool(_given(pod, "hostUsers", True)),
        security=_security(pod.get("securityContext")),
        volumes=volumes,
        windows=(pod.get("os") or {}).get("name") == "windows",
        annotations=labels((template.get("metadata") or {}).get("annotations")),
        apart=tuple(_apart(pod)),
    )


def _apart(pod: Raw) -> Iterator[tuple[str, Selector]]:
    """What keeps pods apart; a term without a selector selects nobody."""
    terms = [
        (f"topologySpreadConstraints[{n}]", each) for n, each in enumerate(pod.get("topologySpreadConstraints") or ())
    ]
    anti = (pod.get("affinity") or {}).get("podAntiAffinity") or {}
    for field in ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"):
        for n, each in enumerate(anti.get(field) or ()):
            # A preferred term has its weight beside it.
            terms.append((f"affinity.podAntiAffinity.{field}[{n}]", each.get("podAffinityTerm") or each))
    for place, term in terms:
        if term.get("labelSelector") is not None:
            yield place, read_selector(term["labelSelector"], f"{place}.labelSelector")


def _container(spec: Raw, place: str) -> Container:
    resources = spec.get("resources") or {}
    return Container(
        name=spec["name"],
        image=spec.get("image") or "",
        ports=tuple(
            Port(p.get("name"), int(p["containerPort"]), p.get("protocol") or "TCP", p.get("hostPort") or None)
            for p in spec.get("ports") or ()
        ),
        probes=tuple(
            _probe(kind, spec[f"{kind}Probe"])
            for kind in ("liveness", "readiness", "startup")
            if spec.get(f"{kind}Probe")
        ),
        place=place,
        # A limit without a request is one: the API copies it.
        requests=quantities({**(resources.get("limits") or {}), **(resources.get("requests") or {})}),
        limits=quantities(resources.get("limits")),
        variables=tuple(
            Variable(v["name"], None if v.get("valueFrom") else str(_given(v, "value", "")), f"{place}.env[{n}]")
            for n, v in enumerate(spec.get("env") or ())
        ),
        references=tuple(_references(spec, place)),
        mounts=tuple(
            Mount(m["name"], m["mountPath"], f"{place}.volumeMounts[{n}]", bool(m.get("readOnly")))
            for n, m in enumerate(spec.get("volumeMounts") or ())
        ),
        command=tuple(map(str, spec.get("command") or ())),
        arguments=tuple(map(str, spec.get("args") or ())),
        pre_stop=_hook((spec.get("lifecycle") or {}).get("preStop")),
        hosts=tuple(_hosts(spec, place)),
        security=_security(spec.get("securityContext")),
        restart_policy=spec.get("restartPolicy"),
    )


def _probe(kind: str, spec: Raw) -> Probe:
    http = spec.get("httpGet") or {}
    where = http or spec.get("tcpSocket") or spec.get("grpc") or {}
    return Probe(
        kind=kind,
        path=http.get("path", "/") if http else None,
        port=where.get("port"),
        period=float(spec.get("periodSeconds") or 10),
        timeout=float(spec.get("timeoutSeconds") or 1),
        failure_threshold=int(spec.get("failureThreshold") or 3),
        headers=tuple((h["name"], h["value"]) for h in http.get("httpHeaders") or ()),
        initial_delay=float(spec.get("initialDelaySeconds") or 0),
    )


def _hosts(spec: Raw, place: str) -> Iterator[tuple[str, str]]:
    """Fields of probes and hooks that name a host of their own."""
    lifecycle = spec.get("lifecycle") or {}
    asking = {f"{kind}Probe": spec.get(f"{kind}Probe") for kind in ("liveness", "readiness", "startup")}
    asking |= {f"lifecycle.{hook}": lifecycle.get(hook) for hook in ("postStart", "preStop")}
    for field, raw in asking.items():
        for way in ("httpGet", "tcpSocket"):
            host = ((raw or {}).get(way) or {}).get("host")
            if host:
                yield f"{place}.{field}.{way}.host", str(host)


def _references(spec: Raw, place: str) -> Iterator[Reference]:
    for n, source in enumerate(spec.get("envFrom") or ()):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if source.get(field):
                yield _reference(kind, source[field], None, f"{place}.envFrom[{n}].{field}", source.get("prefix") or "")
    for n, variable in enumerate(spec.get("env") or ()):
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if source.get(field):
                found = source[field]
                where = f"{place}.env[{n}].valueFrom.{field}"
                yield _reference(kind, found, str(found["key"]), where, variable["name"])


def _reference(kind: str, raw: Raw, key: str | None, place: str, variable: str | None = None) -> Reference:
    return Reference(kind, str(raw.get("name") or ""), key, place, bool(raw.get("optional")), variable)


def _volume(raw: Raw, place: str) -> Volume:
    kind = next((field for field, value in raw.items() if field != "name" and value is not None), "emptyDir")
    source = raw.get(kind) or {}
    sources = [(kind, source, f"{place}.{kind}")]
    if kind == "projected":
        sources = [
            (field, value, f"{place}.projected.sources[{n}].{field}")
            for n, each in enumerate(source.get("sources") or ())
            for field, value in each.items()
        ]
    references = [each for name, value, where in sources for each in _volume_references(name, value, where)]
    made = source.get("volumeClaimTemplate") if kind == "ephemeral" else None
    claim = read_claim({"metadata": {"name": raw["name"]}, **made}, "", f"{place}.ephemeral") if made else None
    return Volume(raw["name"], kind, place, tuple(references), source.get("claimName"), claim)


def _volume_references(field: str, source: Raw, place: str) -> Iterator[Reference]:
    kind = {"configMap": "ConfigMap", "secret": "Secret"}.get(field)
    if kind is None:
        return
    named = {"name": source.get("secretName") or source.get("name"), "optional": source.get("optional")}
    items: Sequence[Raw] = source.get("items") or ()
    yield _reference(kind, named, None, place)
    for n, item in enumerate(items):
        yield _reference(kind, named, str(item["key"]), f"{place}.items[{n}].key")


def _hook(raw: Raw | None) -> Hook | None:
    if not raw:
        return None
    if raw.get("sleep") is not None:
        seconds = float(raw["sleep"]["seconds"])
        return Hook(seconds, f"sleep {seconds:g} s")
    if raw.get("exec") is not None:
        command = " ".join(map(str, raw["exec"].get("command") or ()))
        slept = _SLEEP.fullmatch(command)
        return Hook(float(slept[1]) if slept else None, command)
    return Hook(None, "an HTTP request")


def _security(raw: Raw | None) -> Security:
    raw = raw or {}
    capabilities, selinux = raw.get("capabilities") or {}, raw.get("seLinuxOptions")
    return Security(
        run_as_non_root=raw.get("runAsNonRoot"),
        run_as_user=raw.get("runAsUser"),
        privileged=raw.get("privileged"),
        escalation=raw.get("allowPrivilegeEscalation"),
        read_only_root=raw.get("readOnlyRootFilesystem"),
        added=tuple(map(str, capabilities.get("add") or ())),
        dropped=tuple(map(str, capabilities.get("drop") or ())),
        seccomp=(raw.get("seccompProfile") or {}).get("type"),
        apparmor=(raw.get("appArmorProfile") or {}).get("type"),
        selinux=None if selinux is None else (selinux.get("type"), selinux.get("user"), selinux.get("role")),
        proc_mount=raw.get("procMount"),
        host_process=(raw.get("windowsOptions") or {}).get("hostProcess"),
        sysctls=tuple(str(each.get("name")) for each in raw.get("sysctls") or ()),
    )


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
