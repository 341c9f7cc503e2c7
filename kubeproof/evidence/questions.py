"""What judges ask of an observation's lines: kinds, markers, needs, numbers that may be missing or wrong."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import TypeVar

from kubeproof.evidence.reading import Line
from kubeproof.verdict import Fact, Verdict, unknown

T = TypeVar("T")

NOT_OBSERVED = "not observed"
BEYOND = 10**15

Lines = tuple[Line, ...]


def of_kind(lines: Iterable[Line], kind: str, **fields: object) -> Lines:
    """The lines of one kind whose fields have these values, in order."""
    return tuple(
        line for line in lines if line.kind == kind and all(line.get(name) == value for name, value in fields.items())
    )


def marker(lines: Iterable[Line], deed: str) -> Line | None:
    """The first marker of that deed, or None."""
    return next(iter(of_kind(lines, "marker", says=deed)), None)


def unmet(lines: Iterable[Line]) -> Verdict | None:
    """UNKNOWN when the cluster lacks what the observation needs, else None."""
    for line in of_kind(lines, "need"):
        if line.get("met") is not True:
            return unknown(f"needs {line.get('need')}: {line.get('says')}", fact(line, str(line.get("says"))))
    return None


def about(lines: Lines) -> str:
    """What the observation of these lines is about: the part of its name after the colon; empty for no lines."""
    return lines[0].of.partition(":")[2] if lines else ""


def restarts(pods: Lines, since: float) -> Lines:
    """The lines that tell of a restart after `since`: a pod's count went up from one line to a later one."""
    counts: dict[object, float] = {}
    found = []
    for line in pods:
        now = number(line, "restarts") or 0.0
        before = counts.setdefault(line.get("uid"), now)
        if line.t <= since:
            counts[line.get("uid")] = now
        elif now > before:
            counts[line.get("uid")] = now
            found.append(line)
    return tuple(found)


def watched_until(lines: Lines) -> float:
    """When the last line of the observation was written; 0 for no lines."""
    return max((line.t for line in lines), default=0.0)


def number(line: Line, name: str) -> float | None:
    """A field that is a number, None when it is missing or something else."""
    value = line.get(name)
    # A number beyond any that can be measured is a mistake, and would not be a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -BEYOND < value < BEYOND:
        return None
    return float(value)


def ninety_ninth(ranked: Sequence[T]) -> T:
    """The 99th percentile (nearest rank) of a sorted, non-empty sequence."""
    return ranked[ceil(0.99 * len(ranked)) - 1]


def began(line: Line) -> float:
    """When something began whose end was written as this line: its `seconds` before."""
    return line.t - (number(line, "seconds") or 0.0)


def texts(line: Line, name: str) -> tuple[str, ...]:
    """A field that is a list of texts; other members are left out."""
    value = line.data.get(name)
    return tuple(member for member in value if isinstance(member, str)) if isinstance(value, list) else ()


def not_observed(error: object) -> bool:
    """True when an error says that the probe, not the system, was at fault."""
    return isinstance(error, str) and error.startswith(NOT_OBSERVED)


def fact(line: Line, message: str) -> Fact:
    """A fact of this line."""
    return Fact(line.number, message)


def seconds(value: float) -> str:
    """A duration as the report writes it."""
    return f"{value:.1f} s"
