"""Kubernetes quantities as exact numbers. Source: k8s.io/apimachinery, pkg/api/resource, Quantity."""

import re
from fractions import Fraction

_BINARY = {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {
    letter: Fraction(10) ** power for letter, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
}
_SUFFIXES = {"": Fraction(1), **_BINARY, **_DECIMAL}
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkKMGTPE]i?)?)")


def amount(quantity: str) -> Fraction | None:
    """The number that a quantity stands for, in cores, bytes or pieces; None when it is no quantity."""
    found = _FORM.fullmatch(quantity.strip())
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    scale = Fraction(10) ** int(exponent) if exponent else _SUFFIXES.get(suffix or "")
    return None if scale is None else Fraction(number) * scale


def share(bound: int | str, of: int, *, up: bool) -> int | None:
    """What a bound like 1 or 25% is of so many pods, rounded up or down; None when it is neither."""
    if isinstance(bound, int):
        return bound
    if not re.fullmatch(r"\d{1,3}%", bound):
        return None
    part = Fraction(int(bound[:-1]) * of, 100)
    return -int(-part // 1) if up else int(part // 1)
