"""
Every live check and every static rule, found where they are written: the one list that all others are made from.

A module of this package is searched for `Check` values, in the order in which they stand there; a run goes from the
phase that disturbs least to the one that disturbs most.
"""

from kubeproof import checks
from kubeproof.checks.check import Check
from kubeproof.discovery import standing_in
from kubeproof.evidence.reading import Planned
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.catalogue import RULES

CHECKS = tuple(sorted(standing_in(checks, Check, but=__name__), key=lambda check: check.phase))
LIVE = {check.name: check for check in CHECKS}
# What is judged from manifests and profile alone, whatever became of the evidence.
STATIC = {rule.name: rule for rule in RULES}


def live_plan(system: System, profile: Profile) -> tuple[Planned, ...]:
    """All live checks that manifests and profile give rise to, each with the observation it is judged from."""
    return tuple(planned for check in CHECKS for planned in check.planned(system, profile))


def static_plan(profile: Profile) -> tuple[Planned, ...]:
    """All checks of manifests and profile alone; their observation is the empty text."""
    return tuple(Planned(name, profile.system, "") for name in STATIC)


def law_of(check: str) -> str:
    """The sentence of a check or rule; empty for one that this version does not know."""
    found = STATIC.get(check) or LIVE.get(check)
    return found.law if found else ""
