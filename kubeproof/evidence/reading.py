"""
evidence.jsonl into lines, and what is wrong with the file. The format is docs/evidence.md.

Nothing raises on a bad file: a line that cannot be trusted becomes Damage and is left out, and every
observation that may have lost a line is named by `why_not_whole`, so that no judge calls a remnant a proof.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeproof.evidence.envelope import FIELDS, version_of
from kubeproof.evidence.envelope import parse as _parse
from kubeproof.evidence.kinds import KINDS
from kubeproof.evidence.lines import Line as Line
from kubeproof.evidence.wholeness import Writer

EVERYTHING = "*"  # the observation of a check that reads the whole run: every line of every other observation
NODE = "node"  # a need that the embedded cluster alone meets: elsewhere its checks are SKIPPED, not UNKNOWN


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
    """
    A read file: trusted lines, damage, the plan and the run.begin fields (empty when they were lost).

    `unusable` says why nothing may be judged from it, None when it may. `other_version`: no line is of the version
    that is read here, but one of that.
    """

    lines: tuple[Line, ...]
    by_observation: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    damage: tuple[Damage, ...] = ()
    plan: tuple[Planned, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    not_whole: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False
    unusable: str | None = None
    other_version: int | None = None

    def of(self, observation: str) -> tuple[Line, ...]:
        """The lines of one observation, or of EVERYTHING that was observed, in file order."""
        if observation == EVERYTHING:
            return tuple(line for line in self.lines if line.of)
        return self.by_observation.get(observation, ())

    def why_not_whole(self, observation: str) -> str | None:
        """
        Why this observation may have lost lines, or None when it is whole.

        EVERYTHING is whole when all that was planned or begun is.
        """
        if observation == EVERYTHING:
            return self._why_not_all()
        if observation not in self.by_observation:
            return "nothing was recorded of it"
        return self.not_whole.get(observation)

    def _why_not_all(self) -> str | None:
        if not self.by_observation:
            return "nothing was recorded of it"
        if not self.plan:
            return "what the run set out to observe is not known: its plan is missing"
        observations = dict.fromkeys((*self.by_observation, *(planned.observation for planned in self.plan)))
        for of in observations:
            if of and of != EVERYTHING and (why := self.why_not_whole(of)):
                return f"{of}: {why}"
        return None


def read_evidence(text: str) -> Evidence:
    """Read the text of an evidence file; a file that is cut in the middle of a line reads up to there."""
    reading = Reading()
    reading.feed(f"{text}\n")
    return reading.evidence()


class Reading:
    """A file that is read as it grows, each line once: `feed` it what was appended, ask for the `evidence` so far."""

    def __init__(self) -> None:
        self._rest, self._number = "", 0
        self._lines: list[Line] = []
        self._by_observation: dict[str, list[Line]] = {}
        self._damage: list[Damage] = []
        self._plan: dict[Planned, None] = {}
        self._begin: Line | None = None
        self._end: Line | None = None
        self._registered: tuple[str, ...] = ()
        self._digests: dict[str, str] = {}  # of each writer's lines before run.end
        self._writers: dict[str, Writer] = {}
        self._foreign: dict[str, str] = {}  # of observations: a line of them is of a writer who is not registered
        self._unusable: str | None = None
        self._other_version: int | None = None

    def feed(self, text: str) -> None:
        """Read what was appended; a line that is not complete waits for its rest."""
        *complete, self._rest = (self._rest + text).split("\n")
        for raw in complete:
            self._number += 1
            if raw.strip():
                self._take(raw)

    def evidence(self) -> Evidence:
        """What was read so far, as a value."""
        lost, changed = tuple(self._lost_writers()), tuple(self._changed_writers())
        damage = sorted((*self._damage, *lost, *changed), key=lambda place: place.line)
        # Where lines are missing that is known of their observations; what was changed otherwise may be anywhere.
        anywhere = (*lost, *(() if self._damage else changed))
        unusable = self._unusable or next((place.message for place in anywhere), None)
        if self._begin is None:
            unusable = "the file does not begin with run.begin: who wrote it, and of what, is not known"
        not_whole = {of: why for writer in reversed(self._writers.values()) for of, why in writer.not_whole()}
        return Evidence(
            lines=tuple(self._lines),
            by_observation={of: tuple(lines) for of, lines in self._by_observation.items()},
            damage=tuple(damage),
            plan=tuple(self._plan),
            run=self._begin.data if self._begin else {},
            not_whole={**self._foreign, **not_whole},
            ended=self._end is not None,
            unusable=unusable,
            other_version=self._other_version if not self._lines else None,
        )

    def _take(self, raw: str) -> None:
        parsed = _parse(raw)
        if isinstance(parsed, str):
            self._refuse(parsed)
            if not self._lines:
                self._other_version = self._other_version or version_of(raw)
            return
        name, of, kind = parsed["w"], parsed["of"], parsed["kind"]
        own = {field: value for field, value in parsed.items() if field not in FIELDS}
        line = Line(self._number, float(parsed["t"]), of, kind, own)
        if not self._lines:
            self._open(line)
        elif self._end is not None:
            self._refuse("stands after run.end")
            return
        if self._registered and name not in self._registered:
            self._refuse(f"is of writer {name}, which run.begin does not register")
            self._foreign.setdefault(of, f"line {line.number} is of a writer that is not registered")
            return
        if parsed.get("must") and kind not in KINDS:
            self._unusable = f"line {line.number} is of kind {kind!r}: it must be understood, and is of a later version"
        self._keep(self._writers.setdefault(name, Writer(name)), parsed["n"], line, raw)

    def _refuse(self, why: str) -> None:
        self._damage.append(Damage(self._number, why))

    def _open(self, line: Line) -> None:
        """Take the first line: it says who writes."""
        if line.kind != "run.begin":
            return
        names = line.data.get("writers")
        self._begin = line
        self._registered = tuple(filter(_is_text, names)) if isinstance(names, list) else ()
        if not self._registered:
            self._unusable = "run.begin registers no writer"

    def _keep(self, writer: Writer, n: int, line: Line, raw: str) -> None:
        if line.kind == "run.end":
            self._end = line  # its digests are of what was written before it
            self._digests = {name: writer.digest.hexdigest() for name, writer in self._writers.items()}
        for wrong in writer.add(n, line, raw):
            self._refuse(wrong)
        self._lines.append(line)
        if line.of:
            self._by_observation.setdefault(line.of, []).append(line)
        if line.kind == "run.plan":
            self._plan.update(dict.fromkeys(_planned(line)))

    def _lost_writers(self) -> Iterator[Damage]:
        for name in self._registered:
            if name not in self._writers:
                yield Damage(self._number, f"writer {name} is registered, and no line of it is there")

    def _changed_writers(self) -> Iterator[Damage]:
        """Writers whose lines are not those that the end vouches for."""
        if self._end is None:
            return
        vouched = self._end.data.get("writers")
        for name, digest in self._digests.items():
            if (vouched.get(name) if isinstance(vouched, dict) else None) != digest:
                message = f"the lines of writer {name} are not those that run.end vouches for (sha256)"
                yield Damage(self._end.number, message)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _planned(line: Line) -> Iterator[Planned]:
    """All that a run.plan line names; an entry that is not three texts is left out."""
    checks = line.data.get("checks")
    for entry in checks if isinstance(checks, list) else ():
        if isinstance(entry, list) and len(entry) == 3 and all(map(_is_text, entry)):
            yield Planned(*entry)
