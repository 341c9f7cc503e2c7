"""Waitress, extended: it takes leave of each connection while draining, and its own errors are problems.

This leans on names that waitress does not promise; tests/serving/test_waitress_contract.py fails when one moves.
"""

from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from serving.lifecycle import Lifecycle
from serving.problem import MEDIA_TYPE, problem_body


def draining_channel(lifecycle: Lifecycle) -> type[HTTPChannel]:
    """Give the channel class for a server: once `lifecycle` drains, each response says Connection: close."""

    class LeavingTask(WSGITask):  # type: ignore[misc]
        """A response that is the last of its connection while the process drains."""

        def build_response_header(self) -> bytes:
            if lifecycle.draining:
                # As if the client had asked for it: right for HTTP/1.0 keep-alive too. The app itself may
                # not send this header (PEP 3333), waitress would make a 500 of it.
                self.request.headers["CONNECTION"] = "close"
            header: bytes = super().build_response_header()
            return header

    class Channel(HTTPChannel):  # type: ignore[misc]
        task_class = LeavingTask
        error_task_class = ProblemTask

    return Channel


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """What waitress itself refuses (bad syntax, too large, not implemented), as a problem."""

    def execute(self) -> None:
        error: Any = self.request.error
        body = problem_body(error.code, str(error.body))
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
