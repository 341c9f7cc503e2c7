"""
Every check as a value: its law, what it needs, and how it is observed.

This is the list that `python -m conformance list` prints, that the tests are parametrised over, and that a reader
starts from. What a check is asked about, and which observation answers it, is `verdicts.catalogue.declared_plan`:
two checks with the same observation look at the same window.
"""

from collections.abc import Callable
from dataclasses import dataclass

from conformance.declared.intent import Profile
from conformance.declared.system import System
from conformance.observe.backups import observe_backup
from conformance.observe.journeys import observe_journey, observe_names
from conformance.observe.lifecycle import observe_restart, observe_rollout
from conformance.observe.outage import observe_black_holed, observe_frozen, observe_refused
from conformance.observe.reachability import observe_reachability
from conformance.observe.routes import observe_gateway, observe_ingress
from conformance.observe.scaling import observe_scaling
from conformance.observe.system import Deployed
from conformance.verdicts.catalogue import STATIC, declared_plan, law_of, static_plan
from conformance.verdicts.evidence import Planned

# (the deployed system, the observation's id, what it is about: the part of the id after the colon)
Observe = Callable[[Deployed, str, str], None]


@dataclass(frozen=True)
class Check:
    """`needs` is for people; what is missing is found by probing. `observe` is None where deploying is observing."""

    name: str
    needs: str
    observe: Observe | None

    @property
    def law(self) -> str:
        return law_of(self.name)

    def planned(self, system: System, profile: Profile) -> tuple[Planned, ...]:
        """What the check is asked about in this system, each with its observation."""
        plan = static_plan(profile) if self.name in STATIC else declared_plan(system, profile)
        return tuple(each for each in plan if each.check == self.name)


# In the order of a run: what disturbs most comes last.
CHECKS = (
    *(Check(name, "nothing: manifests and profile are enough", None) for name in STATIC),
    Check("deploy.ready", "images that can be pulled", None),
    Check("dns.names", "cluster DNS", observe_names),
    Check("api.journey", "the probe image", observe_journey),
    Check("ingress.routes", "a controller for the class of the Ingress", observe_ingress),
    Check("gateway.routes", "the Gateway API, and a controller for the Gateway", observe_gateway),
    Check("isolation.reachability", "NetworkPolicy enforcement, ephemeral containers", observe_reachability),
    Check("persistence.pod-delete", "a StorageClass for the claims", observe_restart),
    Check("persistence.backup-restore", "the right to delete claims and make Jobs", observe_backup),
    Check("probes.readiness-follows-database", "the right to scale the database", observe_refused),
    Check("probes.liveness-ignores-database", "the right to scale the database", observe_refused),
    Check("outage.answers", "the right to scale the database", observe_refused),
    Check("outage.frozen", "the embedded cluster: the node below the database", observe_frozen),
    Check("outage.black-holed", "the embedded cluster: the node below the database", observe_black_holed),
    Check("rollout.no-loss", "room for one more pod of each workload", observe_rollout),
    Check("rollout.in-time", "room for one more pod of each workload", observe_rollout),
    Check("scaling.up", "the metrics API", observe_scaling),
)


def check(name: str) -> Check:
    """The check of this name; raises LookupError."""
    found = next((each for each in CHECKS if each.name == name), None)
    if found is None:
        raise LookupError(f"no check {name!r}; there are {', '.join(each.name for each in CHECKS)}")
    return found
