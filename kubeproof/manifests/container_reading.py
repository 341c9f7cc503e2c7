"""
The values of `containers` from the raw object, with the API's own defaults.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

import re
from collections.abc import Iterator

from kubeproof.manifests.containers import (
    Container,
    Hook,
    Mount,
    Port,
    Probe,
    Reference,
    Security,
    Variable,
)
from kubeproof.manifests.fields import Raw, given, quantities

_SLEEP = re.compile(r"(?:.*\s)?sleep\s+(\d+(?:\.\d+)?)s?")


def read_container(spec: Raw, place: str) -> Container:
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
            Variable(v["name"], None if v.get("valueFrom") else str(given(v, "value", "")), f"{place}.env[{n}]")
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
        security=read_security(spec.get("securityContext")),
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
                yield read_reference(
                    kind, source[field], None, f"{place}.envFrom[{n}].{field}", source.get("prefix") or ""
                )
    for n, variable in enumerate(spec.get("env") or ()):
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if source.get(field):
                found = source[field]
                where = f"{place}.env[{n}].valueFrom.{field}"
                yield read_reference(kind, found, str(found["key"]), where, variable["name"])


def read_reference(kind: str, raw: Raw, key: str | None, place: str, variable: str | None = None) -> Reference:
    return Reference(kind, str(raw.get("name") or ""), key, place, bool(raw.get("optional")), variable)


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


def read_security(raw: Raw | None) -> Security:
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
        sysctls=tuple(str(sysctl.get("name")) for sysctl in raw.get("sysctls") or ()),
    )
