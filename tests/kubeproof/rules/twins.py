"""
Our manifests and profile, ways to change one thing in them, and the twins of all rules.

The twins of a module's rules stand in TWINS of its test module: test_probes.py has those of kubeproof/rules/probes.py.
"""

import importlib
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kubeproof.manifests.containers import Container
from kubeproof.manifests.loading import load
from kubeproof.manifests.objects import Autoscaler
from kubeproof.manifests.reading import read_system
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Strategy, Workload
from kubeproof.profile.intent import Profile
from kubeproof.profile.reading import parse_profile
from kubeproof.rules.catalogue import RULES
from kubeproof.rules.rule import Proof, Rule, prove
from kubeproof.verdict import Outcome

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = load(ROOT / "manifests" / "k8s.yaml")
PROFILE = (ROOT / "kubeproof.toml").read_text()
GONE = object()
STATIC = {rule.name: rule for rule in RULES}

Documents = list[dict[str, Any]]
Change = Callable[[Documents, str], tuple[Documents, str]]


@dataclass(frozen=True)
class Twin:
    """
    Our system with one thing changed, and the object and field, from its beginning, at which the rule must find it.

    `holds` makes a system in which a rule holds that has nothing to say about ours. After each change of `untold`
    manifests and profile no longer tell, and the rule must say so at a field that begins like this.
    """

    change: Change
    subject: str
    field: str
    holds: Change | None = None
    untold: tuple[tuple[Change, str], ...] = ()


def declared(*changes: Change) -> tuple[System, Profile]:
    """Our system and profile, changed."""
    documents, profile = both(*changes)(deepcopy(DOCUMENTS), PROFILE)
    return read_system(documents), parse_profile(profile, "kubeproof.toml")


def proof(rule: str, *changes: Change) -> Proof:
    """What a rule finds in our system, changed."""
    return prove(STATIC[rule], *declared(*changes))


def outcome(rule: str, *changes: Change) -> Outcome:
    """The verdict of a rule on our system, changed."""
    return proof(rule, *changes).verdict.outcome


def pod(**spec: Any) -> dict[str, Any]:
    """A Pod of that spec."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def outcome_of(rule: str, document: dict[str, Any]) -> Outcome:
    """The verdict of a rule on one object, with our profile."""
    return prove(STATIC[rule], read_system([document]), parse_profile(PROFILE, "kubeproof.toml")).verdict.outcome


def edit(subject: str, path: str, value: object) -> Change:
    """One field of one object is another; a name may leave out the hash that kustomize puts behind it."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        *way, last = [int(part) if part.isdigit() else part.strip('"') for part in _parts(path)]
        target: Any = found(documents, subject)
        for part in way:
            target = target[part]
        if value is GONE:
            del target[last]
        else:
            target[last] = value
        return documents, profile

    return change


def _parts(path: str) -> list[str]:
    return re.findall(r'"[^"]+"|[^.\[\]]+', path)


def found(documents: Documents, subject: str) -> dict[str, Any]:
    """The object of that kind and name."""
    kind, name = subject.split("/")
    form = re.compile(rf"{re.escape(name)}(-[a-z0-9]{{10}})?")
    [target] = [one for one in documents if one["kind"] == kind and form.fullmatch(one["metadata"]["name"])]
    return target


def without(subject: str) -> Change:
    """One object is gone."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        gone = found(documents, subject)
        return [document for document in documents if document is not gone], profile

    return change


def with_objects(*added: dict[str, Any]) -> Change:
    """Other objects are there as well."""
    return lambda documents, profile: ([*documents, *added], profile)


def elsewhere(subject: str) -> Change:
    """One object is in another namespace."""
    return edit(subject, "metadata.namespace", "elsewhere")


def beside(subject: str, **fields: object) -> Change:
    """A copy of an object, with other fields, is in another namespace."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        made = deepcopy(found(documents, subject)) | fields
        made["metadata"]["namespace"] = "elsewhere"
        return [*documents, made], profile

    return change


def twice(subject: str) -> Change:
    """One object is there twice."""
    return lambda documents, profile: ([*documents, deepcopy(found(documents, subject))], profile)


def intended(old: str, new: str) -> Change:
    """The profile says something else."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        assert old in profile, old
        return documents, profile.replace(old, new, 1)

    return change


def both(*changes: Change) -> Change:
    """Several changes that are one thing together."""

    def change(documents: Documents, profile: str) -> tuple[Documents, str]:
        for one in changes:
            documents, profile = one(documents, profile)
        return documents, profile

    return change


SHOP, CONSUMER, DATABASE = "Deployment/microservice-1", "Deployment/microservice-2", "StatefulSet/postgres"
SCALER = "HorizontalPodAutoscaler/microservice-1"
POD, MAIN = "spec.template.spec", "spec.template.spec.containers[0]"
BUDGET, QUOTA = "PodDisruptionBudget/microservice-1", "ResourceQuota/microservices"

# A small system of its own: a Deployment and its autoscaler.
DEPLOYMENT = Workload(
    "Deployment",
    "shop",
    (),
    (),
    3,
    (Container("shop", "shop:1"),),
    grace_seconds=60,
    strategy=Strategy(surge=1, unavailable=0),
)
SCALED = System("market", (DEPLOYMENT,), autoscalers=(Autoscaler("grow", "shop", 2, 5),))

# The component that takes the Ingress's place.
GATEWAYS = load(ROOT / "manifests" / "components" / "gateway" / "gateway.yaml")
ROUTE = "HTTPRoute/microservice-1"


def by_gateway(documents: Documents, profile: str) -> tuple[Documents, str]:
    """What is led in by the Ingress is led in by a Gateway as well."""
    return [*documents, *deepcopy(GATEWAYS)], profile


def home(rule: Rule) -> str:
    """The test module that the twin of a rule stands in."""
    return f"test_{rule.examine.__module__.rpartition('.')[2]}"


@cache
def written() -> dict[str, dict[str, Twin]]:
    """What stands in TWINS of each test module that goes with a module of rules."""
    homes = [name for name in dict.fromkeys(map(home, RULES)) if Path(__file__).with_name(f"{name}.py").is_file()]
    return {name: getattr(importlib.import_module(f"{__package__}.{name}"), "TWINS", {}) for name in homes}


def twins() -> dict[str, Twin]:
    """Of each rule that has one its twin."""
    beside = {rule.name: written().get(home(rule), {}).get(rule.name) for rule in RULES}
    return {name: twin for name, twin in beside.items() if twin}
