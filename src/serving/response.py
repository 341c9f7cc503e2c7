"""
Waitress's tasks, extended: a response is one piece, its connection lives on where it may, an error is a problem.

By itself, waitress sends header and body apart, and closes the connection after each 204.
"""

import logging
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from waitress.task import ErrorTask, Task, WSGITask

from serving.body import MAX_BODY, MAX_HEADER
from serving.bulkhead import REFUSED
from serving.problem import MEDIA_TYPE, problem_body

_OURS = frozenset({"connection", "content-length", "date"})

_LIMITS = {
    413: f"a body may have at most {MAX_BODY} bytes",
    431: f"the header may have fewer than {MAX_HEADER} bytes",
}

_log = logging.getLogger("server")


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class _Whole(Task):  # type: ignore[misc]
    """A response whose header leaves together with its first chunk."""

    wrote_header: bool

    def build_response_header(self) -> bytes:
        """Give the header; with it, the connection lives on wherever HTTP lets it and the process is not draining."""
        has_body, asked = self.has_body, self.request.headers.get("CONNECTION", "").lower()
        old = self.version == "1.0"
        lines = [f"HTTP/{self.version} {self.status}"]
        lines += [f"{name}: {value}" for name, value in self.response_headers if name.lower() not in _OURS]
        if has_body and self.content_length is not None:
            lines.append(f"Content-Length: {self.content_length}")
        elif has_body:
            self.close_on_finish = True
            if not old and self.request.command != "HEAD":
                self.chunked_response = True
                lines.append("Transfer-Encoding: chunked")
        if self.channel.lifecycle.draining or asked == "close" or (old and asked != "keep-alive"):
            self.close_on_finish = True
        if self.close_on_finish:
            lines.append("Connection: close")
        elif old:
            lines.append("Connection: Keep-Alive")
        lines.append(f"Date: {_date(int(self.start_time))}\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1")

    def write(self, data: bytes) -> None:
        """Send a chunk; the first one with the header before it."""
        if self.wrote_header or not self.complete:
            super().write(data)
            return
        header = self.build_response_header()
        self.wrote_header = True
        self.channel.write_soon(header + self._framed(data))

    def _framed(self, data: bytes) -> bytes:
        if not data or not self.has_body:
            return b""
        if self.chunked_response:
            return b"%X\r\n%b\r\n" % (len(data), data)
        if self.content_length is not None:
            data = data[: self.content_length]
            self.content_bytes_written = len(data)
        return data


class WholeTask(_Whole, WSGITask):  # type: ignore[misc]
    """What the app answers."""

    def get_environment(self) -> dict[str, Any]:
        """Give the WSGI environ."""
        environ: dict[str, Any] = super().get_environment()
        environ[REFUSED] = self.channel.refused
        return environ


class ProblemTask(_Whole, ErrorTask):  # type: ignore[misc]
    """What waitress itself refuses (bad syntax, too large, not implemented), as a problem."""

    def execute(self) -> None:
        error: Any = self.request.error
        detail = _LIMITS.get(error.code, str(error.body))
        body = problem_body(error.code, detail)
        _log.info("refused with %d: %s", error.code, detail)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.close_on_finish = True
        self.content_length = len(body)
        self.write(body)
