"""
The log: one JSON object a line on stdout in production, readable text in development.

A request's line has its own short way, because there is one for every request: through `logging` it would cost as
much as the rest of the service.
"""

import json
import logging
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from serving.settings import Mode


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; what was given as `extra={"fields": {...}}` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class ReadableText(logging.Formatter):
    """Formats a record for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Give time, level, message, and the fields as key=value."""
        fields = "".join(f" {key}={value}" for key, value in getattr(record, "fields", {}).items())
        clock = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        text = f"{clock} {record.levelname:<7} {record.getMessage()}{fields}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def start_log(mode: Mode, stream: TextIO | None = None) -> None:
    """Send every logger of this process to `stream` (stdout), in the format of the mode."""
    global _lines
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(ReadableText() if mode is Mode.DEVELOPMENT else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    _lines = handler if mode is Mode.PRODUCTION else None


def log_request(method: str, path: str, status: int, *, seconds: float, request_id: str) -> None:
    """Write the line of a finished request. `request_id` must be safe to stand between quotes."""
    ms = round(seconds * 1000, 2)
    if _lines is None:
        fields = {"request_id": request_id, "method": method, "path": path, "status": status, "ms": ms}
        _access.info("%s %s %s", method, path, status, extra={"fields": fields})
        return
    now = time.time()
    line = (
        f'{{"time": "{_second(int(now))}.{int(now * 1000) % 1000:03}+00:00", "level": "info", "logger": "access", '
        f'"message": {_quoted(f"{method} {path} {status}")}, "request_id": "{request_id}", '
        f'"method": {_quoted(method)}, "path": {_quoted(path)}, "status": {status}, "ms": {ms}}}\n'
    )
    _held.append(line)
    if not _holding:
        write_held()


@contextmanager
def lines_held() -> Iterator[None]:
    """Let requests' lines be held until write_held(), which whoever enters here calls often; no worker then waits."""
    global _holding
    _holding = True
    try:
        yield
    finally:
        _holding = False
        write_held()


def write_held() -> None:
    """Write the lines that are held."""
    if not (_held and _lines):
        return
    with _lines.lock or nullcontext():
        # Counted under the lock: where nobody holds lines, any two threads may be here.
        _lines.stream.write("".join([_held.popleft() for _ in range(len(_held))]))
        _lines.flush()


_access = logging.getLogger("access")
_lines: "logging.StreamHandler[TextIO] | None" = None
_held: deque[str] = deque()
_holding = False
_quoted = json.JSONEncoder().encode


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
