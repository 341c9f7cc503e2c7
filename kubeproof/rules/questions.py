"""What several rules ask of a system and its profile: how many pods, who is selected, what a number stands for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeproof.manifests.documents import Document
from kubeproof.manifests.policies import Selector
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.netpol.matching import Match, selected
from kubeproof.profile.intent import Profile
from kubeproof.profile.tables import Amount
from kubeproof.rules.rule import titled

NO_REPLICAS = "no workload of several replicas stands behind a Service"


def selects(selector: Selector, workload: Workload) -> bool:
    """True when a selector selects the pods of a workload."""
    return selected(selector, workload.labels, known=True, owner=workload.name).match is Match.YES


def served(system: System) -> Iterator[tuple[str, Workload]]:
    """What runs on behind a Service, each with its title."""
    for workload in system.workloads:
        if system.services_of(workload):
            yield titled(system, workload.kind, workload), workload


def fewest(system: System, workload: Workload) -> int:
    """The fewest replicas that a workload has when all is well."""
    scaler = system.own_autoscaler(workload)
    return scaler.minimum if scaler else workload.replicas


def most(system: System, workload: Workload) -> int:
    """The most replicas that a workload has, without those that a rollout adds."""
    scaler = system.own_autoscaler(workload)
    return scaler.maximum if scaler else workload.replicas


def resolved(system: System, workload: str, amount: Amount) -> float | None:
    """The number an Amount stands for; None when its variable is not in the manifests or is no number."""
    if amount.variable is None:
        return amount.value
    found = next((one for one in system.running if one.name == workload), None)
    for container in found.containers if found else ():
        text = system.environment(found, container).get(amount.variable) if found else None
        if text is not None:
            try:
                return float(text)
            except ValueError:
                return None
    return None


def provided(profile: Profile, kind: str) -> set[str]:
    """The names of that kind that the profile says somebody else makes."""
    return {name for kind_of, _, name in (entry.partition("/") for entry in profile.provided) if kind_of == kind}


def listed(ports: Iterable[tuple[int, str | None]]) -> str:
    """Ports by number and name, `80 (http), 81`."""
    return ", ".join(f"{number} ({name})" if name else f"{number}" for number, name in ports)


def mapping_at(document: Document, path: str) -> Mapping[str, Any]:
    """What stands there; nothing when something else than an object does, of which the rule about schemas tells."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
