"""
Selectors that must select: of Services, workloads and budgets; ports that must exist; autoscalers with a target.
"""

from collections.abc import Iterator

from kubeproof.manifests.objects import Autoscaler, ServicePort, Utilisation
from kubeproof.manifests.policies import Selector
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.matching import Match, selected
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import PODS, Finding, Rule, Severity, broken, holds, judged, titled


def selects(selector: Selector, workload: Workload) -> bool:
    """True when a selector selects the pods of a workload."""
    return selected(selector, workload.labels, known=True, owner=workload.name).match is Match.YES


def examine_backends(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service that selects, and each of its ports; one of kind ExternalName leads out of the cluster."""
    del profile
    for service in system.services:
        if service.kind == "ExternalName" or not service.selector:
            continue
        subject, behind = titled(system, "Service", service), system.behind(service)
        wanted = ", ".join(f"{key}={value}" for key, value in service.selector)
        if not behind:
            labels = sorted(
                {f"{w.name} has {dict(w.labels)}" for w in system.running if w.namespace == service.namespace}
            )
            fix = f"give the pods these labels, or select others; {'; '.join(labels) or 'nothing makes pods there'}"
            yield broken(subject, "spec.selector", "selects no pod of the manifests", f"pods with {wanted}", fix, PODS)
            continue
        yield holds(
            subject, "spec.selector", f"selects {', '.join(each.name for each in behind)}", f"pods with {wanted}"
        )
        for n, port in enumerate(service.ports):
            yield from (_target(subject, f"spec.ports[{n}].targetPort", port, workload) for workload in behind)


def _target(subject: str, field: str, port: ServicePort, workload: Workload) -> Finding:
    ports = [each for each in workload.ports if each.protocol == port.protocol]
    known = ", ".join(f"{each.number}" + (f" ({each.name})" if each.name else "") for each in ports)
    found = f"{workload.name} has {port.protocol} ports {known}" if ports else f"{workload.name} declares no ports"
    wanted = f"{port.protocol} port {port.target}"
    fix = "lead to a port that a container declares, or declare it there"
    if any(port.target in (each.name, each.number) for each in ports):
        return holds(subject, field, found, wanted)
    # A number may be listened on without being declared; a name that is not declared leads nowhere.
    return judged(None if isinstance(port.target, int) else False, subject, field, found, wanted, fix)


def examine_templates(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that has a selector."""
    del profile
    for workload in system.running:
        if workload.selection is not None:
            wanted = str(workload.selection)
            found = ", ".join(f"{key}={value}" for key, value in workload.labels) or "no labels"
            ok = selects(workload.selection, workload)
            subject = titled(system, workload.kind, workload)
            fix = "give the pod template the labels that the workload selects"
            yield judged(ok, subject, "spec.template.metadata.labels", found, wanted, fix)


def examine_probe_ports(system: System, profile: Profile) -> Iterator[Finding]:
    """Every probe that asks a port."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            for probe in container.probes:
                if probe.port is None:
                    continue
                field = workload.path(f"{container.place}.{probe.kind}Probe")
                ports = ", ".join(f"{p.number}" + (f" ({p.name})" if p.name else "") for p in container.ports)
                ok = any(probe.port in (each.name, each.number) for each in container.ports)
                # As behind a Service: a number may be listened on without being declared.
                yield judged(
                    True if ok else (None if isinstance(probe.port, int) else False),
                    titled(system, workload.kind, workload),
                    field,
                    f"ports {ports or 'none declared'}",
                    f"port {probe.port}",
                    "probe a port that the container declares",
                )


def examine_autoscalers(system: System, profile: Profile) -> Iterator[Finding]:
    """Every autoscaler's target, and the requests that its percentages are of."""
    del profile
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        target = system.target_of(autoscaler)
        named = f"{autoscaler.target_kind}/{autoscaler.target}"
        if target is None:
            others = ", ".join(each.title for each in system.workloads)
            fix = "name a workload that is there"
            found = f"no {named}; there are {others or 'none'}"
            yield broken(subject, "spec.scaleTargetRef", found, named, fix, (named,))
            continue
        yield holds(subject, "spec.scaleTargetRef", named, named)
        for metric in autoscaler.metrics:
            yield from _measured(system, autoscaler, metric, target)


def _measured(system: System, autoscaler: Autoscaler, metric: Utilisation, target: Workload) -> Iterator[Finding]:
    """The request of every container that a metric is a percentage of."""
    containers, resource = metric.measured(target), metric.resource
    for container in containers:
        given = system.asked(target, container, "requests", resource)
        field = target.path(f"{container.place}.resources.requests.{resource}")
        wanted, fix = f"a request: {autoscaler.name} measures {resource} in percent of it", f"request {resource}"
        subject = titled(system, target.kind, target)
        yield judged(given is not None, subject, field, given or "nothing", wanted, fix, ("LimitRange",))
    if not containers:
        subject, wanted = titled(system, "HorizontalPodAutoscaler", autoscaler), f"container {metric.container}"
        found = f"containers {', '.join(each.name for each in target.lasting)}"
        yield broken(subject, "spec.metrics", found, wanted, f"measure a container that {target.title} has")


def examine_budgets(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PodDisruptionBudget and the pods it protects."""
    del profile
    for budget in system.budgets:
        chosen = [w for w in system.running if w.namespace == budget.namespace and selects(budget.selector, w)]
        found = f"selects {', '.join(each.name for each in chosen) or 'no pod of the manifests'}"
        fix = "select labels that pods have"
        subject = titled(system, "PodDisruptionBudget", budget)
        yield judged(bool(chosen), subject, "spec.selector", found, f"pods with {budget.selector}", fix, PODS)


SELECTORS = "kubernetes.io, Labels and Selectors"

RULES = (
    Rule(
        name="static.service-backends",
        law="every Service selects pods, and each of its ports leads to a port of theirs",
        source="kubernetes.io, Service",
        examine=examine_backends,
        nothing="no Service of the manifests selects pods",
    ),
    Rule(
        name="static.selectors",
        law="every workload selects the pods that it makes",
        source=SELECTORS,
        examine=examine_templates,
        nothing="no workload of the manifests has a selector",
    ),
    Rule(
        name="static.probe-ports",
        law="every probe asks a port that its container declares",
        source="kubernetes.io, Configure Liveness, Readiness and Startup Probes",
        examine=examine_probe_ports,
        nothing="no probe asks a port",
    ),
    Rule(
        name="static.autoscaler-target",
        law="every autoscaler's target is there and requests what the autoscaler measures",
        source="kubernetes.io, Horizontal Pod Autoscaling: no utilisation is defined without a request",
        examine=examine_autoscalers,
        nothing="the manifests declare no autoscaler",
    ),
    Rule(
        name="static.budgets-select",
        law="every PodDisruptionBudget protects pods",
        source="kubernetes.io, Specifying a Disruption Budget",
        examine=examine_budgets,
        nothing="the manifests declare no PodDisruptionBudget",
        severity=Severity.WARNING,
    ),
)
