"""
Every static rule, found where it is written: a rule is a value beside the function that examines for it.

A module of this package is searched for `Rule` values; their order is that of the report: module by module, as they
stand there. `api_objects` comes first: what the API refuses needs no other advice.
"""

import importlib
import pkgutil
from types import ModuleType

from kubeproof import rules
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Proof, Rule, prove


def standing_in(package: ModuleType) -> tuple[Rule, ...]:
    """The rules that stand in the modules of a package, in the order of their modules' names."""
    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    modules = [importlib.import_module(name) for name in names if name != __name__]
    # Imported by another module of the package, a rule is found twice.
    return tuple(dict.fromkeys(value for one in modules for value in vars(one).values() if isinstance(value, Rule)))


RULES = standing_in(rules)


def prove_all(system: System, profile: Profile) -> tuple[Proof, ...]:
    """Ask every rule about a system."""
    return tuple(prove(rule, system, profile) for rule in RULES)
