"""Probes: who must have one, which port it asks, how long it may take, and how soon it sees a loss."""

from collections.abc import Iterator

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import listed, served
from kubeproof.rules.rule import Finding, Rule, Severity, broken, judged, titled


def examine_readiness(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload behind a Service."""
    del profile
    for subject, workload in served(system):
        ok = bool(workload.probes("readiness"))
        found = "there" if ok else "no readiness probe"
        fix = "give it one: without it the Service sends requests to a pod from its first moment to its last"
        yield judged(ok, subject, workload.path("containers"), found, "a readiness probe", fix)


READINESS = Rule(
    name="static.readiness",
    law="every workload behind a Service says when it is ready",
    source="kubernetes.io, Configure Liveness, Readiness and Startup Probes",
    examine=examine_readiness,
    nothing="no workload stands behind a Service",
)


def examine_probe_ports(system: System, profile: Profile) -> Iterator[Finding]:
    """Every probe that asks a port."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            for probe in container.probes:
                if probe.port is None:
                    continue
                field = workload.path(f"{container.place}.{probe.kind}Probe")
                ports = listed((port.number, port.name) for port in container.ports)
                ok = any(probe.port in (port.name, port.number) for port in container.ports)
                # As behind a Service: a number may be listened on without being declared.
                yield judged(
                    True if ok else (None if isinstance(probe.port, int) else False),
                    titled(system, workload.kind, workload),
                    field,
                    f"ports {ports or 'none declared'}",
                    f"port {probe.port}",
                    "probe a port that the container declares",
                )


PROBE_PORTS = Rule(
    name="static.probe-ports",
    law="every probe asks a port that its container declares",
    source="kubernetes.io, Configure Liveness, Readiness and Startup Probes",
    examine=examine_probe_ports,
    nothing="no probe asks a port",
)


def examine_probe_timeout(system: System, profile: Profile) -> Iterator[Finding]:
    """Every probe's time-out beside its period."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            for probe in container.probes:
                field = workload.path(f"{container.place}.{probe.kind}Probe.timeoutSeconds")
                fix = "shorten the time-out or lengthen the period: one probe may not outlast its turn"
                found, wanted = f"{probe.timeout:g} s", f"less than its period of {probe.period:g} s"
                ok = probe.timeout < probe.period
                yield judged(ok, titled(system, workload.kind, workload), field, found, wanted, fix)


PROBE_TIMEOUT = Rule(
    name="static.probe-timeout",
    law="a probe gives up before the next one is due",
    source="kubernetes/kubernetes, pkg/kubelet/prober/worker.go: one probe at a time, ticks meanwhile are dropped",
    examine=examine_probe_timeout,
    nothing="no container has a probe",
    severity=Severity.WARNING,
)


def examine_detection(system: System, profile: Profile) -> Iterator[Finding]:
    """How long readiness takes to see a lost database, beside what the profile promises."""
    for dependency in profile.dependencies:
        workload = system.workload(dependency.workload)
        if workload is None:
            continue
        subject, probes = titled(system, workload.kind, workload), workload.probes("readiness")
        wanted = f"at most {dependency.within:g} s after {dependency.database} is lost"
        if not probes:
            fix = "give it a readiness probe: without one it never leaves its Service"
            yield broken(subject, workload.path("containers"), "no readiness probe", wanted, fix)
        for probe in probes:
            # The loss may come just after a probe; the last of the failures is known when its time-out is over.
            worst = probe.period * probe.failure_threshold + probe.timeout
            sum_of = f"{probe.failure_threshold} x period {probe.period:g} + time-out {probe.timeout:g}"
            field = workload.path("containers[].readinessProbe")
            fix = "probe more often, or believe fewer failures, or promise less in [[dependencies]]"
            yield judged(worst <= dependency.within, subject, field, f"{worst:g} s at worst ({sum_of})", wanted, fix)


DETECTION = Rule(
    name="static.detection",
    law="readiness sees a lost database within the time the profile promises",
    source="the profile's [[dependencies]]",
    examine=examine_detection,
    nothing="the profile names no database that a workload depends on",
)
