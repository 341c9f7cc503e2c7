"""
Findings as SARIF 2.1.0, for code scanning: each broken place at the line of its source, each rule with its law.

What holds is not among the results. What cannot be told is of kind `open`, which SARIF gives no level.
Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kubeproof.rules.rule import Finding, Proof, Rule
from kubeproof.verdict import Outcome

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True)
class Location:
    """A line of a file; `uri` is relative to the root of the sources, with slashes."""

    uri: str
    line: int


Locate = Callable[[Finding], Location | None]


def sarif(proved: Iterable[tuple[Sequence[Proof], Locate]]) -> str:
    """One run over all that was proved; what is told twice of one line stands in it once."""
    sets = list(proved)
    rules = list(dict.fromkeys(proof.rule for proofs, _ in sets for proof in proofs))
    results: dict[str, dict[str, Any]] = {}
    for proofs, locate in sets:
        for proof in proofs:
            for finding in proof.findings:
                if finding.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
                    result = _result(proof.rule, rules.index(proof.rule), finding, locate(finding))
                    results.setdefault(json.dumps(result, sort_keys=True), result)
    driver = {"name": "kubeproof", "rules": [_rule(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(results.values())}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.law},
        "help": {"text": f"{rule.law}. Source: {rule.source}"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(rule: Rule, index: int, finding: Finding, location: Location | None) -> dict[str, Any]:
    is_open = finding.outcome is Outcome.UNKNOWN
    key = "\0".join((rule.name, finding.subject, finding.field, finding.wanted))
    result: dict[str, Any] = {
        "ruleId": rule.name,
        "ruleIndex": index,
        "kind": "open" if is_open else "fail",
        "level": "none" if is_open else rule.severity.value,
        "message": {"text": str(finding)},
        # The same place keeps its identity when lines above it come and go.
        "partialFingerprints": {"place/v1": hashlib.sha256(key.encode()).hexdigest()[:32]},
        "locations": [
            {"logicalLocations": [{"fullyQualifiedName": f"{finding.subject}: {finding.field}".rstrip(": ")}]}
        ],
    }
    if location:
        artifact = {"uri": location.uri, "uriBaseId": "%SRCROOT%"}
        result["locations"][0]["physicalLocation"] = {
            "artifactLocation": artifact,
            "region": {"startLine": location.line},
        }
    return result
