"""Reading the logs of a cluster's components."""

import os
from pathlib import Path


def last_lines(path: Path, count: int = 15) -> str:
    """The last `count` lines of a log of any size; "" when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 500 * count))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])
