"""The manifests have the architecture's numbers: of every workload and every autoscaler that the profile describes."""

from collections.abc import Iterator

from kubeproof.manifests.containers import Container, Probe
from kubeproof.manifests.objects import Autoscaler, ScalingRules
from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.profile.numbers import IntendedAutoscaler, IntendedProbe, IntendedScalingPolicy, IntendedWorkload
from kubeproof.rules.intent import SAY, SOURCE
from kubeproof.rules.rule import PODS, Finding, Rule, broken, holds, judged, titled


def examine_intent_workloads(system: System, profile: Profile) -> Iterator[Finding]:
    """Every number of every workload of the profile."""
    for intended in profile.workloads:
        workload = next((one for one in system.running if one.name == intended.name), None)
        if workload is None:
            lacks = tuple(f"{kind}/{intended.name}" for kind in PODS)
            yield broken(f"workload {intended.name}", "", "nowhere", "there", SAY, lacks)
            continue
        subject = titled(system, workload.kind, workload)
        yield from _workload(system, subject, workload, intended)
        yield from _container(subject, workload, intended)


def _workload(system: System, subject: str, workload: Workload, intended: IntendedWorkload) -> Iterator[Finding]:
    yield holds(subject, "", "there", "there")
    if intended.kind is not None:
        yield judged(workload.kind == intended.kind, subject, "kind", workload.kind, intended.kind, SAY)
    if intended.replicas is not None:
        ok = workload.replicas == intended.replicas
        yield judged(ok, subject, "spec.replicas", workload.replicas, intended.replicas, SAY)
    if intended.port is not None:
        ports = [port.number for port in workload.ports]
        found = f"ports {', '.join(map(str, ports)) or 'none'}"
        field = workload.path("containers[].ports")
        yield judged(intended.port in ports, subject, field, found, f"port {intended.port}", SAY)
        for service in system.services_of(workload):
            offered = [port.port for port in service.ports]
            found = f"ports {', '.join(map(str, offered)) or 'none'}"
            ok = intended.port in offered
            yield judged(ok, f"Service/{service.name}", "spec.ports", found, f"port {intended.port}", SAY)
    if intended.sleep is not None:
        slept = [container.pre_stop.seconds for container in workload.containers if container.pre_stop]
        found = ", ".join(f"{seconds:g} s" if seconds is not None else "of unknown length" for seconds in slept)
        field, ok = workload.path("containers[].lifecycle.preStop"), slept == [intended.sleep]
        yield judged(ok, subject, field, f"sleeps {found or 'never'}", f"sleeps {intended.sleep:g} s", SAY)


def _container(subject: str, workload: Workload, intended: IntendedWorkload) -> Iterator[Finding]:
    """Resources and probes, of the container that has the port; of the first when none is asked for."""
    container = _main(workload, intended.port)
    for side, wanted, found in (
        ("requests", intended.requests, dict(container.requests)),
        ("limits", intended.limits, dict(container.limits)),
    ):
        for resource, quantity in wanted:
            here = found.get(resource)
            field = workload.path(f"{container.place}.resources.{side}.{resource}")
            ok = here is not None and amount(here) == amount(quantity)
            yield judged(ok, subject, field, here or "nothing", quantity, SAY)
    for kind, probe in (("liveness", intended.liveness), ("readiness", intended.readiness)):
        if probe is not None:
            field = workload.path(f"{container.place}.{kind}Probe")
            declared = next((one for one in container.probes if one.kind == kind), None)
            ok = declared is not None and _same(declared, probe)
            yield judged(ok, subject, field, _declared(declared, probe), _intended(probe), SAY)


def _main(workload: Workload, port: int | None) -> Container:
    with_port = (container for container in workload.containers if port in [one.number for one in container.ports])
    return next(with_port, workload.containers[0])


def _same(declared: Probe, intended: IntendedProbe) -> bool:
    numbers = (declared.period, declared.timeout, declared.failure_threshold)
    wanted = (intended.period, intended.timeout, intended.failures)
    return numbers == wanted and intended.path in (None, declared.path)


def _declared(probe: Probe | None, intended: IntendedProbe) -> str:
    if probe is None:
        return "nothing"
    path = f"{probe.path} " if intended.path is not None else ""
    return f"{path}every {probe.period:g} s, {probe.timeout:g} s, {probe.failure_threshold} failures"


def _intended(probe: IntendedProbe) -> str:
    path = f"{probe.path} " if probe.path is not None else ""
    return f"{path}every {probe.period:g} s, {probe.timeout:g} s, {probe.failures} failures"


INTENT_WORKLOADS = Rule(
    name="static.intent-workloads",
    law="every workload has the kind, ports, resources and probes that the architecture gives it",
    source=SOURCE,
    examine=examine_intent_workloads,
    nothing="the profile gives no workload numbers",
)


def examine_intent_autoscalers(system: System, profile: Profile) -> Iterator[Finding]:
    """Every number of every autoscaler of the profile, and the bounds of every promise of growth."""
    for intended in profile.workloads:
        if intended.autoscaler is None:
            continue
        scaler = system.autoscaler_of(intended.name)
        if scaler is None:
            subject, lacks = f"workload {intended.name}", ("HorizontalPodAutoscaler",)
            yield broken(subject, "", "no autoscaler", "an autoscaler", "declare it", lacks)
            continue
        yield from _autoscaler(titled(system, "HorizontalPodAutoscaler", scaler), scaler, intended.autoscaler)
    for scale in profile.scales:
        scaler = system.autoscaler_of(scale.workload)
        if scaler is not None:
            subject = titled(system, "HorizontalPodAutoscaler", scaler)
            found, wanted = f"{scaler.minimum} to {scaler.maximum}", f"{scale.minimum} to {scale.maximum}"
            yield judged(found == wanted, subject, "spec.minReplicas, spec.maxReplicas", found, wanted, SAY)


def _autoscaler(subject: str, scaler: Autoscaler, intended: IntendedAutoscaler) -> Iterator[Finding]:
    for field, found, wanted in (
        ("spec.minReplicas", scaler.minimum, intended.minimum),
        ("spec.maxReplicas", scaler.maximum, intended.maximum),
        ("spec.metrics cpu", scaler.percent("cpu"), intended.cpu),
        ("spec.metrics memory", scaler.percent("memory"), intended.memory),
    ):
        if wanted is not None:
            yield judged(found == wanted, subject, field, "nothing" if found is None else found, wanted, SAY)
    for field, rules, policy in (("scaleUp", scaler.up, intended.up), ("scaleDown", scaler.down, intended.down)):
        if policy is not None:
            where, meant = f"spec.behavior.{field}.policies", f"{policy.pods} pods in {policy.every:g} s"
            yield judged(_keeps(rules, policy), subject, where, _paced(rules), meant, SAY)


def _keeps(rules: ScalingRules, policy: IntendedScalingPolicy) -> bool:
    own = [(rule.kind, rule.value, rule.period) for rule in rules.rules]
    return rules.select != "Disabled" and own == [("Pods", policy.pods, policy.every)]


def _paced(rules: ScalingRules) -> str:
    if rules.select == "Disabled":
        return "selectPolicy: Disabled"
    return ", ".join(
        f"{rule.value} {'pods' if rule.kind == 'Pods' else 'percent'} in {rule.period:g} s" for rule in rules.rules
    )


INTENT_AUTOSCALERS = Rule(
    name="static.intent-autoscalers",
    law="every autoscaler has the bounds, targets and pace that the architecture gives it",
    source=SOURCE,
    examine=examine_intent_autoscalers,
    nothing="the profile gives no autoscaler numbers",
)
