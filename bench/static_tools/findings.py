"""What a static tool finds, in one form for all, and how to read it from what each of them prints."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# kube-score's grades, from its scorecard: 1 critical, 5 warning, 7 almost OK, 10 OK.
GRADES = {1: "critical", 5: "warning", 7: "almost OK"}
BROKEN, UNTOLD = "broken", "cannot be told"


@dataclass(frozen=True)
class Found:
    """One place that a tool has something to say about: its rule, how bad it calls it, and Kind/name of the object."""

    rule: str
    kind: str
    subject: str


def from_kube_score(text: str) -> tuple[Found, ...]:
    """Read `kube-score score --output-format json`; a check that was skipped or is content finds nothing."""
    return tuple(_kube_score(json.loads(text)))


def _kube_score(scored: list[dict[str, Any]]) -> Iterator[Found]:
    for scored_object in scored:
        subject = f"{scored_object['type_meta']['kind']}/{scored_object['object_meta']['name']}"
        for check in scored_object["checks"]:
            if not check["skipped"] and check["grade"] in GRADES:
                # One comment is one place; a check that says nothing more is about the object.
                for _ in check["comments"] or ("",):
                    yield Found(check["check"]["id"], GRADES[check["grade"]], subject)


def from_sarif(text: str) -> tuple[Found, ...]:
    """Read the SARIF of `kubeproof prove`; of kind `open` is what cannot be told."""
    return tuple(
        Found(result["ruleId"], UNTOLD if result["kind"] == "open" else BROKEN, _subject(result))
        for run in json.loads(text)["runs"]
        for result in run["results"]
    )


def _subject(result: dict[str, Any]) -> str:
    name = str(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"])
    return name.partition(": ")[0].partition(" in ")[0]
