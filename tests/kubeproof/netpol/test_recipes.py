"""The engine against the published NetworkPolicy recipes: what each of them says of the traffic it tries."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policy_reading import read_policy
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Endpoint, Flow, Namespace, Network, Outside, Pod

RECIPES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "recipes.yaml").read_text())
OUTSIDE = Outside("outside", ("93.184.216.34",))


def ends(recipe: dict[str, Any]) -> dict[str, Endpoint]:
    """The pods of a recipe by NAMESPACE/NAME, and the world outside."""
    found: dict[str, Endpoint] = {"outside": OUTSIDE}
    for path, labels in recipe["pods"].items():
        ports = recipe.get("ports", {}).get(path, {})
        found[path] = Pod(
            path.partition("/")[0],
            path,
            tuple(labels.items()),
            tuple(Port(name, number) for name, number in ports.items()),
        )
    return found


def network(recipe: dict[str, Any]) -> Network:
    """The policies of a recipe, and its namespaces with their labels."""
    names = {path.partition("/")[0]: {} for path in recipe["pods"]} | recipe.get("namespaces", {})
    policies = [
        read_policy(
            {"metadata": {"name": spec["name"], "namespace": spec.get("namespace")}, "spec": spec["spec"]}, "default"
        )
        for spec in recipe["policies"]
    ]
    return Network(tuple(policies), tuple(Namespace(name, tuple(labels.items())) for name, labels in names.items()))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe["name"])
def test_a_recipe_does_what_it_says(recipe: dict[str, Any]) -> None:
    """Each attempt of the recipe has the outcome it prints."""
    on, found = network(recipe), ends(recipe)
    answers = {}
    for attempt in recipe["expects"]:
        source, _, target, protocol, port = attempt.split()
        decision = decide(on, Flow(found[source], found[target], int(port), protocol))
        answers[attempt] = decision.reason.partition(":")[0]
    assert answers == recipe["expects"]
