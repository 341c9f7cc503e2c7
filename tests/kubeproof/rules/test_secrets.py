"""Secrets in the open: a twin, and texts that are secrets or only look like some."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SHOP, Twin, edit, proof

TWINS = {
    "static.secrets-by-reference": Twin(
        edit(SHOP, f"{MAIN}.env[0]", {"name": "DB_PASSWORD", "value": "hunter2"}), SHOP, f"{MAIN}.env[0]"
    ),
}


@pytest.mark.parametrize(
    ("name", "value", "is_open"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("apiKey", "abc", True),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("TOKEN_TTL", "300", False),
        ("DB_PASSWORD", "", False),
        ("PASSWORD", "$(OTHER)", False),
        ("ALLOW_EMPTY_PASSWORD", "yes", False),
        ("URL", "postgres://user:pass@db/x", True),
        ("URL", "http://db:5432/x", False),
        ("NOTE", "-----BEGIN RSA PRIVATE KEY-----", True),
    ],
)
def test_a_secret_in_the_open_is_known_by_its_name_or_its_form(name, value, is_open):
    change = edit(SHOP, f"{MAIN}.env[0]", {"name": name, "value": value})
    verdict = proof("static.secrets-by-reference", change).verdict
    assert verdict.outcome is (Outcome.FAIL if is_open else Outcome.PASS)
    assert "hunter2" not in verdict.report()
