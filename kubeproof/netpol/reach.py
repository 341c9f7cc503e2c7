"""Whether a source reaches a target: the three answers that intent, policies and observation share."""

from enum import Enum


class Reach(Enum):
    """Whether a source reaches a port of a target; the value is its mark in the matrix."""

    ALLOWED = "."
    BLOCKED = "X"
    UNKNOWN = "?"
