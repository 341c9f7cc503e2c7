"""The schema for editors is what the reader asks for, and the page says the same."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from kubeproof.profile.reading import ProfileError, parse_profile, profile_schema
from kubeproof.profile.tables import Amount
from kubeproof.report.profile_document import profile_document

ROOT = Path(__file__).parents[3]
OURS = (ROOT / "kubeproof.toml").read_text()
SCHEMA = profile_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def is_valid(text: str) -> bool:
    return VALIDATOR.is_valid(tomllib.loads(text))


def is_read(text: str) -> bool:
    try:
        parse_profile(text, "p.toml")
    except ProfileError:
        return False
    return True


def test_the_saved_schema_and_page_are_those_of_the_reader():
    saved = json.loads((ROOT / "kubeproof" / "profile" / "schema.json").read_text())
    assert saved == SCHEMA, "run: kubeproof profile --write"
    page = (ROOT / "docs" / "profile.md").read_text()
    assert page == profile_document(SCHEMA), "run: kubeproof profile --write"


def test_the_schema_is_one_and_our_profile_names_it():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert OURS.startswith("#:schema ./kubeproof/profile/schema.json\n")


def test_our_profile_is_read_and_valid():
    assert is_read(OURS)
    assert is_valid(OURS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('system = "microservices"', ""),
        ('system = "microservices"', "system = 3"),
        ('system = "microservices"', 'system = ""'),
        ('system = "microservices"', 'system = "microservices"\ncolour = "red"'),
        ('pod_security = "restricted"', 'pod_security = "strict"'),
        ("within = 20.0", "within = 0"),
        ("within = 20.0", 'within = "20 s"'),
        ('kind = "frozen"', 'kind = "asleep"'),
        ('kind = "frozen"', ""),
        ("failures = 3", "failures = 0"),
        ("linger = 5", "linger = -1"),
        ("linger = 5", "linger = { variable = 'LINGER' }"),
        ("pods = 1,", ""),
        ("provided = [", "provided = [3, "),
        ("loss = 0", "loss = 1"),
        ("loss = 0", 'loss = { env = "LOSS" }'),
        ("minimum_requests = 500", "minimum_requests = 0"),
        ('source = "microservice-2"', 'source = "microservice-2"\nport = 1'),
    ],
)
def test_reader_and_schema_refuse_the_same(old, new):
    assert old in OURS
    text = OURS.replace(old, new, 1)
    assert not is_read(text)
    assert not is_valid(text)


def test_a_number_may_be_a_variable_of_the_workload():
    text = OURS.replace("linger = 5", 'linger = { env = "LINGER" }', 1)
    assert is_valid(text)
    assert parse_profile(text, "p.toml").drains[0].linger == Amount(variable="LINGER")


def test_every_field_says_what_it_is_for():
    def fields(schema, path=""):
        for name, field in schema.get("properties", {}).items():
            yield f"{path}{name}", field
            yield from fields(field, f"{path}{name}.")
            yield from fields(field.get("items", {}), f"{path}{name}[].")

    every = dict(fields(SCHEMA))
    assert len(every) > 90
    assert [path for path, field in every.items() if not field.get("description")] == []
