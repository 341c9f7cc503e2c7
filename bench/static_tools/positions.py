"""Where the prover stands on every rule of the tools it is compared with: positions.toml, read and made sure of."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("positions.toml")
SAME, PROFILE, NO = "same", "profile", "no"
COVERED = (SAME, PROFILE)


@dataclass(frozen=True)
class Position:
    """A rule of theirs, whether they run it unasked, where we stand, our rules that cover it, and why."""

    rule: str
    stance: str
    by: tuple[str, ...] = ()
    why: str = ""
    on: bool = True

    def __str__(self) -> str:
        rules = ", ".join(f"`{rule}`" for rule in self.by)
        words = {SAME: rules, PROFILE: f"with a profile: {rules}", NO: "not judged"}[self.stance]
        return f"{words}; {self.why}" if self.why else words


@dataclass(frozen=True)
class Tool:
    """A tool: `is_run` tells whether it was run or compared on paper, `source` where its list of rules is from."""

    name: str
    is_run: bool
    source: str
    positions: tuple[Position, ...]

    def position(self, rule: str) -> Position | None:
        """Where we stand on a rule of the tool; None if it is not in the table."""
        return next((position for position in self.positions if position.rule == rule), None)


def read_tools(text: str) -> tuple[Tool, ...]:
    """Read the table; ValueError names a stance that there is none of, or that does not go with its rules."""
    return tuple(
        Tool(name, tool["how"] == "run", tool["source"], tuple(_position(name, entry) for entry in tool["rules"]))
        for name, tool in tomllib.loads(text).items()
    )


def _position(tool: str, entry: dict[str, Any]) -> Position:
    stance, by = entry["is"], tuple(entry.get("by", ()))
    if stance not in (*COVERED, NO) or bool(by) is not (stance in COVERED):
        raise ValueError(f"{tool} {entry['id']}: {stance!r} with the rules {by or 'none'}")
    return Position(entry["id"], stance, by, entry.get("why", ""), entry.get("on", True))


def ours_alone(tools: Collection[Tool], ours: Collection[str]) -> tuple[str, ...]:
    """Our rules that no rule of theirs comes near."""
    near = {rule for tool in tools for position in tool.positions for rule in position.by}
    return tuple(rule for rule in ours if rule not in near)
