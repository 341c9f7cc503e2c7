"""Who wrote how many lines of what: the book that a reader keeps to see which lines are missing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kubeproof.evidence.lines import Line


@dataclass
class Share:
    """What one writer wrote of one observation, kept up to date line by line."""

    first: Line
    last: Line
    lines: int = 0
    begins: int = 0
    ends: int = 0
    counted: Any = None  # the number of lines that the last end says

    def add(self, line: Line) -> None:
        self.last, self.lines = line, self.lines + 1
        self.begins += line.kind == "observe.begin"
        if line.kind == "observe.end":
            self.ends, self.counted = self.ends + 1, line.get("lines")

    def why_not_whole(self) -> str | None:
        """Why lines of it may be missing, or None: one begin, one end, and as many lines as that counts."""
        if self.begins != 1 or self.first.kind != "observe.begin":
            return f"it has {self.begins} observe.begin lines, its first line is {self.first.kind}"
        if not self.ends:
            return "its end is missing: the run was stopped, or the file was cut"
        if self.ends != 1 or self.last.kind != "observe.end":
            return f"it has {self.ends} observe.end lines, its last line is {self.last.kind}"
        if self.counted != self.lines:
            return f"its end counts {self.counted} lines, {self.lines} are there"
        return None


@dataclass
class Writer:
    """One process that writes: its count, its clock, its lines of each observation, the SHA-256 of all of them."""

    name: str
    last: Line | None = None
    n: int = -1
    shares: dict[str, Share] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)  # of observations: why a line of them is not to be trusted
    jumps: list[int] = field(default_factory=list)  # the lines before which some are missing
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, n: int, line: Line, raw: str) -> Iterator[str]:
        """Take a line; gives what is wrong between it and the one before."""
        if n != self.n + 1:
            self.jumps.append(line.number)
            yield f"writer {self.name} jumps from n={self.n} to n={n}"
        if self.last is not None and line.t < self.last.t:
            for of in (self.last.of, line.of):
                self.broken.setdefault(of, f"time runs backward before line {line.number}")
            yield f"time of writer {self.name} runs backward, from {self.last.t} to {line.t}"
        self.last, self.n = line, n
        self.digest.update(raw.encode("utf-8", "replace") + b"\n")
        if line.of:
            self.shares.setdefault(line.of, Share(line, line)).add(line)

    def not_whole(self) -> Iterator[tuple[str, str]]:
        """Of each observation that may have lost a line of this writer: why."""
        for of, share in self.shares.items():
            if reason := share.why_not_whole() or self.broken.get(of) or self._jump_in(share):
                yield of, reason

    def _jump_in(self, share: Share) -> str | None:
        # A jump at the begin line itself lost lines from before it.
        lost = (jump for jump in self.jumps if share.first.number < jump <= share.last.number)
        return next((f"lines of writer {self.name} are missing before line {jump}" for jump in lost), None)
