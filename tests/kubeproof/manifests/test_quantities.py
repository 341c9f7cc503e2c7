"""Quantities are compared as numbers, not as texts."""

from fractions import Fraction

import pytest

from kubeproof.manifests.quantities import amount, share


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("100m", Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("128Mi", 128 * 2**20),
        ("1k", 1000),
        ("1Ki", 1024),
        ("2e3", 2000),
        ("1E", 10**18),
        ("-1", -1),
        ("5n", Fraction(5, 10**9)),
    ],
)
def test_a_quantity_is_a_number(text, number):
    assert amount(text) == number


@pytest.mark.parametrize("text", ["", "many", "1Kib", "mi", "1mi", "1K", "--1", "1 Mi"])
def test_what_is_no_quantity_is_no_number(text):
    assert amount(text) is None


@pytest.mark.parametrize(
    ("bound", "of", "up", "pods"),
    [(1, 4, True, 1), ("25%", 5, True, 2), ("25%", 5, False, 1), ("0%", 5, True, 0), ("half", 4, True, None)],
)
def test_a_bound_is_a_number_of_pods_or_a_share_of_them(bound, of, up, pods):
    assert share(bound, of, up=up) == pods
