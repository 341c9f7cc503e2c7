"""One line of an evidence file as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
