"""A .dockerignore: which files of a build context no COPY sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

NAME = ".dockerignore"
WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def read_dockerignore(context: Path) -> Callable[[str], bool]:
    """
    Give the question whether a file is ignored, by its path below the context.

    The last line that matches the file, or a folder that it is in, decides.
    """
    try:
        lines = (context / NAME).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    rules = [(_pattern(line.strip().lstrip("!")), not line.startswith("!")) for line in lines if _says(line)]

    def is_ignored(path: str) -> bool:
        places = [path, *map(str, PurePosixPath(path).parents[:-1])]
        ignoring = [ignores for pattern, ignores in rules if any(pattern.fullmatch(place) for place in places)]
        return bool(ignoring) and ignoring[-1]

    return is_ignored


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", line.strip().strip("/"))
    return re.compile("".join(WILDCARDS.get(part) or re.escape(part) for part in parts))
