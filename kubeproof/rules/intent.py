"""The manifests have what the profile names: workloads, Services, and the storage of what must promise."""

from collections.abc import Iterable, Iterator

from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import PODS, Finding, Rule, broken, judged, titled

SOURCE = "kubeproof.toml"


SAY = "let manifests and profile say the same"


def examine_intent_names(system: System, profile: Profile) -> Iterator[Finding]:
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
    for kind, kinds, named, there in (
        ("workload", PODS, _named_workloads(profile), {workload.name for workload in system.running}),
        ("Service", ("Service",), _named_services(profile), {service.name for service in system.services}),
    ):
        yield from _there(kind, kinds, named, there)


def _there(kind: str, kinds: tuple[str, ...], named: Iterable[tuple[str, str]], there: set[str]) -> Iterator[Finding]:
    """One finding a name, at the first place that has it, however many there are."""
    places: dict[str, list[str]] = {}
    for place, name in named:
        places.setdefault(name, []).append(place)
    fix = f"name one of {', '.join(sorted(there)) or f'no {kind} at all'}"
    for name, having in places.items():
        found = (
            "there" if name in there else f"nowhere, named in {len(having)} {'place' if len(having) == 1 else 'places'}"
        )
        lacks = tuple(f"{one_kind}/{name}" for one_kind in kinds)
        yield judged(name in there, f"{kind} {name}", having[0], found, "there", fix, lacks)


def _named_workloads(profile: Profile) -> Iterator[tuple[str, str]]:
    for n, workload in enumerate(profile.workloads):
        yield f"workloads[{n}].name", workload.name
    for n, pair in enumerate(profile.allowed):
        yield f"allowed[{n}].source", pair.source
        yield f"allowed[{n}].target", pair.target
    for n, dependency in enumerate(profile.dependencies):
        yield f"dependencies[{n}].workload", dependency.workload
        yield f"dependencies[{n}].database", dependency.database
    for n, backup in enumerate(profile.backups):
        yield f"backups[{n}].backup", backup.backup
        yield f"backups[{n}].restore", backup.restore
    promises = {
        "entries": profile.entries,
        "persistence": profile.persistence,
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


INTENT_NAMES = Rule(
    name="static.intent-names",
    law="everything that the profile names is in the manifests",
    source=SOURCE,
    examine=examine_intent_names,
    nothing="the profile names nothing",
)


def examine_intent_entries(system: System, profile: Profile) -> Iterator[Finding]:
    """Every entry: its Service leads to its workload."""
    for n, entry in enumerate(profile.entries):
        service, workload = system.service(entry.service), system.workload(entry.workload)
        if service and workload:
            behind = [one.name for one in system.behind(service)]
            found = f"leads to {', '.join(behind) or 'nobody'}"
            ok = entry.workload in behind
            yield judged(ok, f"Service/{entry.service}", f"entries[{n}]", found, f"leads to {entry.workload}", SAY)


INTENT_ENTRIES = Rule(
    name="static.intent-entries",
    law="the Service of every entry leads to its workload",
    source=SOURCE,
    examine=examine_intent_entries,
    nothing="the profile names no entry that is in the manifests",
)


def examine_intent_storage(system: System, profile: Profile) -> Iterator[Finding]:
    """What every promise of persistence says of its claim."""
    for promise in profile.persistence:
        workload = system.workload(promise.workload)
        asked = (promise.capacity, promise.mode, promise.storage_class)
        if workload is None or asked == (None, None, None):
            continue
        subject = titled(system, workload.kind, workload)
        beside = [claim for claim in system.claims if claim.namespace == workload.namespace]
        claims = [*workload.claim_templates, *(claim for claim in beside if claim.name in workload.claims)]
        if not claims:
            fix, lacks = "keep the data on a claim", ("PersistentVolumeClaim",)
            yield broken(subject, workload.path("volumes"), "no claim", "a claim", fix, lacks)
        for claim in claims:
            place = f"{claim.place}.spec" if claim.place else "spec"
            where = subject if claim.place else f"PersistentVolumeClaim/{claim.name}"
            if promise.capacity is not None:
                field, here = f"{place}.resources.requests.storage", claim.capacity
                ok = here is not None and amount(here) == amount(promise.capacity)
                yield judged(ok, where, field, here or "nothing", promise.capacity, SAY)
            if promise.mode is not None:
                found = ", ".join(claim.modes) or "nothing"
                yield judged(promise.mode in claim.modes, where, f"{place}.accessModes", found, promise.mode, SAY)
            if promise.storage_class is not None:
                found = claim.storage_class or "the cluster's default"
                ok = claim.storage_class == promise.storage_class
                yield judged(ok, where, f"{place}.storageClassName", found, promise.storage_class, SAY)


INTENT_STORAGE = Rule(
    name="static.intent-storage",
    law="every claim asks for the storage that the architecture gives it",
    source=SOURCE,
    examine=examine_intent_storage,
    nothing="the profile says nothing of storage",
)
