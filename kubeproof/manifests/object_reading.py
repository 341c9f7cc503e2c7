"""
The values of `objects` from the raw object, with the API's own defaults.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

from collections.abc import Iterator

from kubeproof.manifests.fields import Raw, labels, namespace_of, quantities
from kubeproof.manifests.objects import (
    DOWN,
    UP,
    Autoscaler,
    Backend,
    Budget,
    Config,
    Ingress,
    LimitRange,
    PersistentVolume,
    Quota,
    ScalingRule,
    ScalingRules,
    Service,
    ServicePort,
    Utilisation,
)
from kubeproof.manifests.policy_reading import read_selector


def read_service(document: Raw, namespace: str) -> Service:
    """Read a Service."""
    spec = document["spec"]
    return Service(
        name=document["metadata"]["name"],
        selector=labels(spec.get("selector")),
        ports=tuple(
            ServicePort(p.get("name"), int(p["port"]), p.get("targetPort") or p["port"], p.get("protocol") or "TCP")
            for p in spec.get("ports") or ()
        ),
        headless=spec.get("clusterIP") == "None",
        namespace=namespace_of(document, namespace),
        kind=spec.get("type") or "ClusterIP",
    )


def read_autoscaler(document: Raw, namespace: str) -> Autoscaler:
    """Read a HorizontalPodAutoscaler of autoscaling/v1 or v2."""
    spec = document["spec"]
    behavior = spec.get("behavior") or {}
    return Autoscaler(
        name=document["metadata"]["name"],
        target=spec["scaleTargetRef"]["name"],
        minimum=int(spec.get("minReplicas") or 1),
        maximum=int(spec["maxReplicas"]),
        metrics=tuple(_utilisations(spec)),
        namespace=namespace_of(document, namespace),
        target_kind=spec["scaleTargetRef"].get("kind") or "Deployment",
        up=_direction(behavior.get("scaleUp"), UP),
        down=_direction(behavior.get("scaleDown"), DOWN),
    )


def _utilisations(spec: Raw) -> Iterator[Utilisation]:
    if not spec.get("metrics"):
        # autoscaling/v1 knows no other metric, and 80 is the API's default when none is named.
        yield Utilisation("cpu", int(spec.get("targetCPUUtilizationPercentage") or 80))
    for metric in spec.get("metrics") or ():
        resource = metric.get("resource") or metric.get("containerResource") or {}
        percent = (resource.get("target") or {}).get("averageUtilization")
        if percent is not None:
            yield Utilisation(resource["name"], int(percent), resource.get("container"))


def _direction(raw: Raw | None, default: ScalingRules) -> ScalingRules:
    raw = raw or {}
    rules = tuple(
        ScalingRule(policy["type"], int(policy["value"]), float(policy["periodSeconds"]))
        for policy in raw.get("policies") or ()
    )
    window = raw.get("stabilizationWindowSeconds")
    return ScalingRules(
        rules or default.rules, default.window if window is None else float(window), raw.get("selectPolicy") or "Max"
    )


def read_budget(document: Raw, namespace: str) -> Budget:
    """Read a PodDisruptionBudget."""
    spec = document.get("spec") or {}
    return Budget(
        name=document["metadata"]["name"],
        selector=read_selector(spec.get("selector") or {}, "spec.selector"),
        minimum=spec.get("minAvailable"),
        unavailable=spec.get("maxUnavailable"),
        namespace=namespace_of(document, namespace),
    )


def read_config(document: Raw, namespace: str) -> Config:
    """Read a ConfigMap or Secret; what a Secret holds is not kept."""
    kind = document["kind"]
    fields = ("data", "binaryData") if kind == "ConfigMap" else ("data", "stringData")
    keys = sorted({str(key) for field in fields for key in document.get(field) or {}})
    texts = labels(document.get("data")) if kind == "ConfigMap" else ()
    return Config(kind, document["metadata"]["name"], tuple(keys), texts, namespace_of(document, namespace))


def read_volume(document: Raw) -> PersistentVolume:
    """Read a PersistentVolume."""
    spec = document["spec"]
    return PersistentVolume(
        name=document["metadata"]["name"],
        capacity=dict(quantities(spec.get("capacity"))).get("storage"),
        modes=tuple(map(str, spec.get("accessModes") or ())),
        storage_class=spec.get("storageClassName"),
        host_path=(spec.get("hostPath") or {}).get("path"),
    )


def read_quota(document: Raw, namespace: str) -> Quota:
    """Read a ResourceQuota."""
    spec = document.get("spec") or {}
    return Quota(
        name=document["metadata"]["name"],
        hard=quantities(spec.get("hard")),
        namespace=namespace_of(document, namespace),
        scoped=bool(spec.get("scopes") or spec.get("scopeSelector")),
    )


def read_limit_range(document: Raw, namespace: str) -> LimitRange:
    """Read what a LimitRange sets for containers."""
    limits = [limit for limit in (document.get("spec") or {}).get("limits") or () if limit.get("type") == "Container"]
    found: Raw = limits[0] if limits else {}
    return LimitRange(
        name=document["metadata"]["name"],
        # A default limit without a default request is one: the API copies it.
        default_requests=quantities({**(found.get("default") or {}), **(found.get("defaultRequest") or {})}),
        default_limits=quantities(found.get("default")),
        maximum=quantities(found.get("max")),
        namespace=namespace_of(document, namespace),
    )


def read_ingress(document: Raw, namespace: str) -> Ingress:
    """Read an Ingress."""
    spec = document.get("spec") or {}
    return Ingress(
        name=document["metadata"]["name"],
        backends=tuple(_backends(spec)),
        secrets=tuple(
            (str(certificate["secretName"]), f"spec.tls[{n}].secretName")
            for n, certificate in enumerate(spec.get("tls") or ())
            if certificate.get("secretName")
        ),
        namespace=namespace_of(document, namespace),
    )


def _backends(spec: Raw) -> Iterator[Backend]:
    if spec.get("defaultBackend"):
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for n, rule in enumerate(spec.get("rules") or ()):
        for m, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            place = f"spec.rules[{n}].http.paths[{m}].backend"
            yield from _backend(path["backend"], place, rule.get("host"), path.get("path"))


def _backend(raw: Raw, place: str, host: str | None = None, path: str | None = None) -> Iterator[Backend]:
    if raw.get("service"):  # the other kind of backend is a custom resource
        port = raw["service"].get("port") or {}
        yield Backend(raw["service"]["name"], port.get("number") or port.get("name"), f"{place}.service", host, path)
