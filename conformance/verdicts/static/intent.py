"""The manifests say what the architecture says: every name, number and pair of the profile."""

from collections.abc import Iterable, Iterator

from conformance.declared.intent import IntendedAutoscaler, IntendedProbe, IntendedWorkload, Pace, Profile
from conformance.declared.objects import Autoscaler, ScalingRules, System
from conformance.declared.quantities import amount
from conformance.declared.workloads import Container, Probe, Workload
from conformance.verdicts.static.rule import Finding, Rule, broken, holds, judged, titled

SOURCE = "kubeproof.toml"
SAY = "let manifests and profile say the same"


def examine_names(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload and Service that the profile names, and the namespace they are in."""
    if not any((*_named_workloads(profile), *_named_services(profile))):
        return
    yield judged(
        system.namespace == profile.namespace,
        "the manifests",
        "metadata.namespace",
        system.namespace,
        profile.namespace,
        SAY,
    )
    for kind, named, there in (
        ("workload", _named_workloads(profile), {each.name for each in system.running}),
        ("Service", _named_services(profile), {each.name for each in system.services}),
    ):
        yield from _there(kind, named, there)


def _there(kind: str, named: Iterable[tuple[str, str]], there: set[str]) -> Iterator[Finding]:
    """One finding a name, at the first place that has it, however many there are."""
    places: dict[str, list[str]] = {}
    for place, name in named:
        places.setdefault(name, []).append(place)
    fix = f"name one of {', '.join(sorted(there)) or f'no {kind} at all'}"
    for name, having in places.items():
        found = (
            "there" if name in there else f"nowhere, named in {len(having)} {'place' if len(having) == 1 else 'places'}"
        )
        yield judged(name in there, f"{kind} {name}", having[0], found, "there", fix)


def _named_workloads(profile: Profile) -> Iterator[tuple[str, str]]:
    for n, workload in enumerate(profile.workloads):
        yield f"workloads[{n}].name", workload.name
    for n, talk in enumerate(profile.talks):
        yield f"talks[{n}].source", talk.source
        yield f"talks[{n}].target", talk.target
    for n, depend in enumerate(profile.depends):
        yield f"depends[{n}].workload", depend.workload
        yield f"depends[{n}].database", depend.database
    for n, backup in enumerate(profile.backups):
        yield f"backups[{n}].backup", backup.backup
        yield f"backups[{n}].restore", backup.restore
    promises = {
        "entries": profile.entries,
        "persists": profile.persists,
        "backups": profile.backups,
        "scales": profile.scales,
        "drains": profile.drains,
        "levels": profile.levels,
        "connections": profile.connections,
    }
    for table, made in promises.items():
        for n, promise in enumerate(made):
            yield f"{table}[{n}].workload", promise.workload  # type: ignore[attr-defined]
    for n, chain in enumerate(profile.chains):
        for m, timeout in enumerate(chain.order):
            yield f"timeouts[{n}].order[{m}].workload", timeout.workload


def _named_services(profile: Profile) -> Iterator[tuple[str, str]]:
    for n, entry in enumerate(profile.entries):
        yield f"entries[{n}].service", entry.service
    for n, scale in enumerate(profile.scales):
        yield f"scales[{n}].load.service", scale.load.service
    for journey in profile.journeys:
        for m, step in enumerate(journey.steps):
            yield f"journeys {journey.name!r} steps[{m}].service", step.service


def examine_entries(system: System, profile: Profile) -> Iterator[Finding]:
    """Every entry: its Service leads to its workload."""
    for n, entry in enumerate(profile.entries):
        service, workload = system.service(entry.service), system.workload(entry.workload)
        if service and workload:
            behind = [each.name for each in system.behind(service)]
            found = f"leads to {', '.join(behind) or 'nobody'}"
            ok = entry.workload in behind
            yield judged(ok, f"Service/{entry.service}", f"entries[{n}]", found, f"leads to {entry.workload}", SAY)


def examine_workloads(system: System, profile: Profile) -> Iterator[Finding]:
    """Every number of every workload of the profile."""
    for intended in profile.workloads:
        workload = next((each for each in system.running if each.name == intended.name), None)
        if workload is None:
            yield broken(f"workload {intended.name}", "", "nowhere", "there", SAY)
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
        ports = [each.number for each in workload.ports]
        found = f"ports {', '.join(map(str, ports)) or 'none'}"
        field = workload.path("containers[].ports")
        yield judged(intended.port in ports, subject, field, found, f"port {intended.port}", SAY)
        for service in system.services_of(workload):
            offered = [each.port for each in service.ports]
            found = f"ports {', '.join(map(str, offered)) or 'none'}"
            ok = intended.port in offered
            yield judged(ok, f"Service/{service.name}", "spec.ports", found, f"port {intended.port}", SAY)
    if intended.sleep is not None:
        slept = [each.pre_stop.seconds for each in workload.containers if each.pre_stop]
        found = ", ".join(f"{each:g} s" if each is not None else "of unknown length" for each in slept)
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
            declared = next((each for each in container.probes if each.kind == kind), None)
            ok = declared is not None and _same(declared, probe)
            yield judged(ok, subject, field, _declared(declared, probe), _intended(probe), SAY)


def _main(workload: Workload, port: int | None) -> Container:
    with_port = (each for each in workload.containers if port in [p.number for p in each.ports])
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


def examine_autoscalers(system: System, profile: Profile) -> Iterator[Finding]:
    """Every number of every autoscaler of the profile, and the bounds of every promise of growth."""
    for intended in profile.workloads:
        if intended.autoscaler is None:
            continue
        scaler = system.autoscaler_of(intended.name)
        if scaler is None:
            yield broken(f"workload {intended.name}", "", "no autoscaler", "an autoscaler", "declare it")
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
        ("spec.metrics cpu", scaler.cpu, intended.cpu),
        ("spec.metrics memory", scaler.memory, intended.memory),
    ):
        if wanted is not None:
            yield judged(found == wanted, subject, field, "nothing" if found is None else found, wanted, SAY)
    for field, rules, pace in (("scaleUp", scaler.up, intended.up), ("scaleDown", scaler.down, intended.down)):
        if pace is not None:
            where, meant = f"spec.behavior.{field}.policies", f"{pace.pods} pods in {pace.every:g} s"
            yield judged(_keeps(rules, pace), subject, where, _paced(rules), meant, SAY)


def _keeps(rules: ScalingRules, pace: Pace) -> bool:
    return [(each.kind, each.value, each.period) for each in rules.rules] == [("Pods", pace.pods, pace.every)]


def _paced(rules: ScalingRules) -> str:
    return ", ".join(
        f"{each.value} {'pods' if each.kind == 'Pods' else 'percent'} in {each.period:g} s" for each in rules.rules
    )


def examine_storage(system: System, profile: Profile) -> Iterator[Finding]:
    """What every promise of persistence says of its claim."""
    for persist in profile.persists:
        workload = system.workload(persist.workload)
        asked = (persist.capacity, persist.mode, persist.storage_class)
        if workload is None or asked == (None, None, None):
            continue
        subject = titled(system, workload.kind, workload)
        own = [each for each in system.claims if each.name in workload.claims and each.namespace == workload.namespace]
        claims = [*workload.claim_templates, *own]
        if not claims:
            yield broken(subject, workload.path("volumes"), "no claim", "a claim", "keep the data on a claim")
        for claim in claims:
            place = f"{claim.place}.spec" if claim.place else "spec"
            where = subject if claim.place else f"PersistentVolumeClaim/{claim.name}"
            if persist.capacity is not None:
                field, here = f"{place}.resources.requests.storage", claim.capacity
                ok = here is not None and amount(here) == amount(persist.capacity)
                yield judged(ok, where, field, here or "nothing", persist.capacity, SAY)
            if persist.mode is not None:
                found = ", ".join(claim.modes) or "nothing"
                yield judged(persist.mode in claim.modes, where, f"{place}.accessModes", found, persist.mode, SAY)
            if persist.storage_class is not None:
                found = claim.storage_class or "the cluster's default"
                ok = claim.storage_class == persist.storage_class
                yield judged(ok, where, f"{place}.storageClassName", found, persist.storage_class, SAY)


RULES = (
    Rule(
        name="static.intent-names",
        law="everything that the profile names is in the manifests",
        source=SOURCE,
        examine=examine_names,
        nothing="the profile names nothing",
    ),
    Rule(
        name="static.intent-entries",
        law="the Service of every entry leads to its workload",
        source=SOURCE,
        examine=examine_entries,
        nothing="the profile names no entry that is in the manifests",
    ),
    Rule(
        name="static.intent-workloads",
        law="every workload has the kind, ports, resources and probes that the architecture gives it",
        source=SOURCE,
        examine=examine_workloads,
        nothing="the profile gives no workload numbers",
    ),
    Rule(
        name="static.intent-autoscalers",
        law="every autoscaler has the bounds, targets and pace that the architecture gives it",
        source=SOURCE,
        examine=examine_autoscalers,
        nothing="the profile gives no autoscaler numbers",
    ),
    Rule(
        name="static.intent-storage",
        law="every claim asks for the storage that the architecture gives it",
        source=SOURCE,
        examine=examine_storage,
        nothing="the profile says nothing of storage",
    ),
)
