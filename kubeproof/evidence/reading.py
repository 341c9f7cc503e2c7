"""
evidence.jsonl into lines, and what is wrong with the file. The format is docs/evidence.md.

Nothing raises on a bad file: a line that cannot be trusted becomes Damage and is left out, and every
observation that may have lost a line is named by `why_not_whole`, so that no judge calls a remnant a proof.
"""

import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
EVERYTHING = "*"  # the observation of a check that reads the whole run: every line of every other observation
NODE = "node"  # a need that the embedded cluster alone meets: elsewhere its checks are SKIPPED, not UNKNOWN
_ENVELOPE = frozenset({"v", "w", "n", "t", "of", "kind", "crc"})


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# Made once: a run has thousands of lines.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_STRICT = json.JSONDecoder(parse_constant=_refuse)


@dataclass(frozen=True)
class Line:
    """One trusted line: `number` in the file from 1, `t` seconds since the run began, `data` its fields."""

    number: int
    t: float
    of: str
    kind: str
    data: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """
        A field that is one value, None when it is not there.

        A list or an object comes as its text, so that it can be compared and is not taken for nothing; those that
        are meant to be one are read from `data`.
        """
        value = self.data.get(name)
        return repr(value) if isinstance(value, (list, dict)) else value


@dataclass(frozen=True)
class Damage:
    """A line that cannot be trusted, or a place where lines are missing."""

    line: int
    message: str


@dataclass(frozen=True)
class Planned:
    """A check that a run set out to make: its name, its subject, and the observation it is judged from."""

    check: str
    subject: str
    observation: str


@dataclass(frozen=True)
class Evidence:
    """A read file: trusted lines, damage, the plan and the run.begin fields (empty when they were lost)."""

    lines: tuple[Line, ...]
    damage: tuple[Damage, ...] = ()
    plan: tuple[Planned, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    not_whole: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False

    def of(self, observation: str) -> tuple[Line, ...]:
        """The lines of one observation, or of EVERYTHING that was observed, in file order."""
        return tuple(line for line in self.lines if line.of and observation in (line.of, EVERYTHING))

    def why_not_whole(self, observation: str) -> str | None:
        """
        Why this observation may have lost lines, or None when it is whole.

        EVERYTHING is whole when all that was planned or begun is.
        """
        if observation == EVERYTHING:
            return self._why_not_all()
        if not any(line.of == observation for line in self.lines):
            return "nothing was recorded of it"
        return self.not_whole.get(observation)

    def _why_not_all(self) -> str | None:
        observations = dict.fromkeys(line.of for line in self.lines if line.of)
        if not observations:
            return "nothing was recorded of it"
        if not self.plan:
            return "what the run set out to observe is not known: its plan is missing"
        observations |= dict.fromkeys(planned.observation for planned in self.plan)
        for of in observations:
            if of and of != EVERYTHING and (why := self.why_not_whole(of)):
                return f"{of}: {why}"
        return None


def checksum(fields: Mapping[str, Any]) -> str:
    """CRC-32 of a line: of its JSON without `crc`, keys sorted, no spaces, ASCII; eight hex digits."""
    body = {name: value for name, value in fields.items() if name != "crc"}
    return f"{zlib.crc32(_CANONICAL.encode(body).encode('ascii')):08x}"


def read_evidence(text: str) -> Evidence:
    """Read the text of an evidence file; a file that is cut in the middle of a line reads up to there."""
    damage: list[Damage] = []
    read: list[tuple[str, int, Line]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        parsed = _parse(raw)
        if isinstance(parsed, str):
            damage.append(Damage(number, parsed))
            continue
        own = {name: value for name, value in parsed.items() if name not in _ENVELOPE}
        line = Line(number, float(parsed["t"]), parsed["of"], parsed["kind"], own)
        read.append((parsed["w"], parsed["n"], line))
    gaps = _gaps(read)
    damage += [Damage(line, f"writer {writer} jumps from n={was} to n={now}") for writer, line, was, now in gaps]
    lines = tuple(line for _, _, line in read)
    return Evidence(
        lines=lines,
        damage=tuple(sorted(damage, key=lambda d: d.line)),
        plan=_plan(lines),
        run=next((line.data for line in lines if line.kind == "run.begin"), {}),
        not_whole=_not_whole(read, {(writer, line) for writer, line, _, _ in gaps}),
        ended=any(line.kind == "run.end" for line in lines),
    )


def _parse(raw: str) -> dict[str, Any] | str:
    """The fields of a line, or what is wrong with it."""
    try:
        fields = _STRICT.decode(raw)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(fields, dict):
        return "is not a JSON object"
    if fields.get("v") != VERSION:
        return f"is of version {fields.get('v')!r}, this reader knows {VERSION}"
    kinds = {"w": str, "n": int, "t": (int, float), "of": str, "kind": str}
    for name, kind in kinds.items():
        if not isinstance(fields.get(name), kind) or isinstance(fields.get(name), bool):  # type: ignore[arg-type]
            return f"field {name} is {fields.get(name)!r}"
    try:
        if not math.isfinite(fields["t"]):
            return f"field t is {fields['t']}"
        crc = checksum(fields)
    except (ValueError, OverflowError, RecursionError):
        return "cannot be checked"
    return fields if fields.get("crc") == crc else f"crc is {fields.get('crc')!r}, should be {crc}"


def _gaps(read: Iterable[tuple[str, int, Line]]) -> list[tuple[str, int, int, int]]:
    """Where a writer's count does not go up by one: (writer, line, the n before, the n there)."""
    last: dict[str, int] = {}
    gaps = []
    for writer, n, line in read:
        was = last.get(writer, -1)
        if n != was + 1:
            gaps.append((writer, line.number, was, n))
        last[writer] = n
    return gaps


def _plan(lines: Iterable[Line]) -> tuple[Planned, ...]:
    """All that the run.plan lines name, each once, in order; an entry that is not three texts is left out."""
    found: dict[Planned, None] = {}
    for line in lines:
        checks = line.data.get("checks") if line.kind == "run.plan" else None
        for entry in checks if isinstance(checks, list) else ():
            if isinstance(entry, list) and len(entry) == 3 and all(isinstance(part, str) for part in entry):
                found[Planned(*entry)] = None
    return tuple(found)


def _not_whole(read: list[tuple[str, int, Line]], gaps: set[tuple[str, int]]) -> dict[str, str]:
    """Of each observation that may have lost a line: why. An observation is judged per writer."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for writer, _, line in read:
        if line.of:
            groups.setdefault((writer, line.of), []).append(line)
    reasons: dict[str, str] = {}
    for (writer, of), lines in groups.items():
        reason = _why(writer, lines, gaps)
        if reason:
            reasons.setdefault(of, reason)
    return reasons


def _why(writer: str, lines: list[Line], gaps: set[tuple[str, int]]) -> str | None:
    begins = [line for line in lines if line.kind == "observe.begin"]
    ends = [line for line in lines if line.kind == "observe.end"]
    if len(begins) != 1 or lines[0].kind != "observe.begin":
        return f"it has {len(begins)} observe.begin lines, its first line is {lines[0].kind}"
    if not ends:
        return "its end is missing: the run was stopped, or the file was cut"
    if len(ends) != 1 or lines[-1].kind != "observe.end":
        return f"it has {len(ends)} observe.end lines, its last line is {lines[-1].kind}"
    if ends[0].get("lines") != len(lines):
        return f"its end counts {ends[0].get('lines')} lines, {len(lines)} are there"
    first, last = lines[0].number, lines[-1].number
    for where, number in sorted(gaps):
        # A gap at the begin line itself lost lines from before it.
        if where == writer and first < number <= last:
            return f"lines of writer {writer} are missing before line {number}"
    return None
