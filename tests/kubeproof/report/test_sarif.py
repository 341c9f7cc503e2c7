"""
The findings as SARIF 2.1.0.

sarif-2.1.0.json.gz is the schema of OASIS (sarif-schema-2.1.0.json, errata 01) without its descriptions.
"""

import gzip
import json
from pathlib import Path

import jsonschema
import pytest

from kubeproof.report.sarif import Location, sarif
from kubeproof.rules.catalogue import RULES, prove_all
from kubeproof.rules.rule import Proof, Rule, Severity, broken, holds, prove, untold
from tests.kubeproof.rules.twins import declared, twins

SCHEMA = json.loads(gzip.decompress(Path(__file__).with_name("sarif-2.1.0.json.gz").read_bytes()))
FINDINGS = (
    broken("Deployment/shop", "spec.replicas", 2, "nothing", "remove it"),
    untold("Deployment/shop", "spec", "?", "something", "tell it"),
    holds("Deployment/shop", "kind", "Deployment", "Deployment"),
)
RULE = Rule("static.example", "it is so", "somewhere", lambda _, __: FINDINGS, "nothing", Severity.WARNING)


def valid(text):
    document = json.loads(text)
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    [run] = document["runs"]
    return run


def here(finding):
    return Location("base/shop.yaml", 3) if finding.field else None


@pytest.fixture
def proof():
    return prove(RULE, *declared())


def test_what_is_broken_and_what_is_untold_are_results_at_their_line(proof: Proof):
    run = valid(sarif([([proof], here)]))
    told = [(result["ruleId"], result["kind"], result["level"]) for result in run["results"]]
    assert told == [("static.example", "fail", "warning"), ("static.example", "open", "none")]
    first = run["results"][0]
    assert first["message"]["text"] == "Deployment/shop spec.replicas: 2, wanted nothing; remove it"
    [location] = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "base/shop.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3},
    }
    [rule] = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("static.example", "it is so")


def test_two_overlays_that_break_in_one_line_are_one_result(proof: Proof):
    once, twice = (valid(sarif([([proof], here)] * times)) for times in (1, 2))
    assert once == twice


def test_a_finding_without_a_place_is_a_result_all_the_same(proof: Proof):
    run = valid(sarif([([proof], lambda _: None)]))
    assert len(run["results"]) == 2
    assert "physicalLocation" not in run["results"][0]["locations"][0]


def test_nothing_broken_is_a_run_without_results():
    run = valid(sarif([(prove_all(*declared()), here)]))
    assert run["results"] == []
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)


def test_a_result_keeps_its_identity_when_its_line_moves(proof: Proof):
    prints = [
        [
            result["partialFingerprints"]
            for result in valid(sarif([([proof], lambda _, n=n: Location("a.yaml", n))]))["results"]
        ]
        for n in (3, 30)
    ]
    assert prints[0] == prints[1]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name in twins()], ids=lambda rule: rule.name)
def test_every_broken_twin_is_valid_sarif(rule):
    run = valid(sarif([([prove(rule, *declared(twins()[rule.name].change))], here)]))
    assert run["results"]
