"""
Every check as a value: its law, what it needs, what it observes, and the pure judge of that evidence.

This is the list that `python -m conformance list` prints, that the tests are parametrised over, and that a reader
starts from. The order is the order of a run: what disturbs most comes last.
"""

from collections.abc import Callable
from dataclasses import dataclass

from conformance.declared.objects import System
from conformance.declared.intent import Profile
from conformance.observe.journeys import observe_journey, observe_names
from conformance.observe.lifecycle import observe_outage, observe_restart, observe_rollout
from conformance.observe.reachability import observe_reachability
from conformance.observe.scaling import observe_scaling
from conformance.observe.system import Deployed
from conformance.verdicts.catalogue import LAWS

Subjects = Callable[[System, Profile], tuple[str, ...]]
Observe = Callable[[Deployed, str, str], None]


@dataclass(frozen=True)
class Check:
    """
    `subjects` gives what the check is asked about; `about(profile, subject)` the object that is observed for it.

    Two checks with the same `observation` and object share one observation: the same window, looked at twice.
    `observe` is None where deploying the system is itself the observation.
    """

    name: str
    needs: str
    subjects: Subjects
    observation: str
    about: Callable[[Profile, str], str]
    observe: Observe | None

    @property
    def law(self) -> str:
        return LAWS[self.name]

    def observation_id(self, profile: Profile, subject: str) -> str:
        about = self.about(profile, subject)
        return f"{self.observation}:{about}" if about else self.observation


def _workloads(system: System, _profile: Profile) -> tuple[str, ...]:
    return tuple(each.name for each in system.workloads)


def _dependents(_system: System, profile: Profile) -> tuple[str, ...]:
    return tuple(each.workload for each in profile.depends)


def _itself(_profile: Profile, subject: str) -> str:
    return subject


def _whole(_profile: Profile, _subject: str) -> str:
    return ""


def _database(profile: Profile, subject: str) -> str:
    return next(each.database for each in profile.depends if each.workload == subject)


CHECKS = (
    Check("deploy.ready", "images that can be pulled", _workloads, "deploy", _whole, None),
    Check(
        "dns.names",
        "cluster DNS",
        lambda system, _: tuple(each.name for each in system.services),
        "dns",
        _whole,
        observe_names,
    ),
    Check(
        "api.journey",
        "the probe image",
        lambda _, profile: tuple(each.name for each in profile.journeys if each.name not in _halves(profile)),
        "journey",
        _itself,
        observe_journey,
    ),
    Check(
        "isolation.reachability",
        "NetworkPolicy enforcement (found by a canary), ephemeral containers",
        lambda _, profile: (profile.system,),
        "reachability",
        _whole,
        observe_reachability,
    ),
    Check(
        "persistence.pod-delete",
        "a StorageClass for the claims",
        lambda _, profile: tuple(each.workload for each in profile.persists),
        "restart",
        _itself,
        observe_restart,
    ),
    Check("probes.readiness-follows-database", "nothing more", _dependents, "outage", _database, observe_outage),
    Check("probes.liveness-ignores-database", "nothing more", _dependents, "outage", _database, observe_outage),
    Check(
        "rollout.no-loss",
        "room for one more pod of each workload",
        lambda _, profile: tuple(each.workload for each in profile.entries),
        "rollout",
        _itself,
        observe_rollout,
    ),
    Check(
        "scaling.up",
        "the metrics API (found by asking it)",
        lambda _, profile: tuple(each.workload for each in profile.scales),
        "scaling",
        _itself,
        observe_scaling,
    ),
)


def _halves(profile: Profile) -> set[str]:
    """Journeys that persistence walks: a read without its write is no journey of its own."""
    return {name for each in profile.persists for name in (each.write, each.read)}


def check(name: str) -> Check:
    """The check of this name; raises LookupError."""
    found = next((each for each in CHECKS if each.name == name), None)
    if found is None:
        raise LookupError(f"no check {name!r}; there are {', '.join(each.name for each in CHECKS)}")
    return found
