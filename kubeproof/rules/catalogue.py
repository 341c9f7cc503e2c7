"""
Every static rule, found where it is written: a rule is a value beside the function that examines for it.

A module of this package is searched for `Rule` values; their order is that of the report: module by module, as they
stand there. `api_objects` comes first: what the API refuses needs no other advice.
"""

from kubeproof import rules
from kubeproof.discovery import standing_in
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Proof, Rule, prove

RULES = standing_in(rules, Rule, but=__name__)


def prove_all(system: System, profile: Profile) -> tuple[Proof, ...]:
    """Ask every rule about a system."""
    return tuple(prove(rule, system, profile) for rule in RULES)
