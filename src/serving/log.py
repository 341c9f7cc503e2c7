"""The log: one JSON object a line on stdout in production, readable text in development."""

import json
import logging
import sys
from datetime import UTC, datetime
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
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(ReadableText() if mode is Mode.DEVELOPMENT else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # One line per queued request under load says nothing that the access log's milliseconds do not.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # It prints the exceptions of attempts that are retried; the last one is in the answer.
    logging.getLogger("backoff").setLevel(logging.CRITICAL)
