"""Containers: a twin a rule, images name by name, requests beside limits."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SHOP, Twin, both, edit, outcome, without

TWINS = {
    "static.images-fixed": Twin(edit(SHOP, f"{MAIN}.image", "registry:5000/items"), SHOP, f"{MAIN}.image"),
    "static.requests": Twin(
        both(edit(SHOP, f"{MAIN}.resources", {}), without("LimitRange/microservices")),
        SHOP,
        f"{MAIN}.resources.requests.cpu",
    ),
    "static.variables-once": Twin(
        edit(SHOP, f"{MAIN}.env", [{"name": "WORD", "value": "one"}, {"name": "WORD", "value": "two"}]),
        SHOP,
        f"{MAIN}.env[1]",
    ),
}


@pytest.mark.parametrize(("asked", "expected"), [("500m", Outcome.PASS), ("0.6", Outcome.FAIL)])
def test_what_is_asked_for_is_no_more_than_the_limit(asked, expected):
    assert outcome("static.requests", edit(SHOP, f"{MAIN}.resources.requests.cpu", asked)) is expected


@pytest.mark.parametrize(
    ("image", "fixed"),
    [
        ("items", False),
        ("items:latest", False),
        ("registry:5000/items", False),
        ("registry:5000/items:1.0", True),
        ("items@sha256:" + "0" * 64, True),
        ("items:latest@sha256:" + "0" * 64, True),
        ("", False),
    ],
)
def test_an_image_is_fixed_by_a_tag_or_a_digest(image, fixed):
    named = edit(SHOP, f"{MAIN}.image", image)
    assert outcome("static.images-fixed", named) is (Outcome.PASS if fixed else Outcome.FAIL)
