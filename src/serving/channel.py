"""
Waitress's connection, extended: fewer steps for each request, and an end that the client can read.

A response leaves straight into the kernel when nothing waits before it (serving.response makes it). The loop goes on
watching a connection while its request is served, so that a worker need not wake the loop when it is done.

This leans on names that waitress does not promise; tests/serving/test_waitress_contract.py fails when one moves.
"""

import logging
import socket
import time
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import Task
from waitress.utilities import InternalServerError

from serving.lifecycle import Lifecycle
from serving.middleware import WATCHING
from serving.request import Request
from serving.response import ProblemTask, WholeTask

# Seconds: how long the rest of a request that was refused is read and thrown away. Closed with something unread, the
# kernel would reset the connection, and the client would never see why.
DISCARD = 2.0

_log = logging.getLogger("server")


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose worker neither wakes the loop nor copies a response without need."""

    parser_class = Request
    task_class = WholeTask
    error_task_class = ProblemTask
    lifecycle: Lifecycle  # each server has a subclass with its own: channel_class()
    requests: list[Any]
    refused = False  # the request that is served next has queued for too long
    unread = False  # the request was refused before it was read
    discards_until = 0.0  # monotonic seconds; 0 when this connection is not waiting for its end
    input_ended = False  # the client will send no more; it may still read
    held_back = False  # the next request waits until the client has read more of the last answer

    @property
    def urgent(self) -> bool:
        """Whether the request that is served next must not wait for others: it waits for nothing itself."""
        request = self.requests[0]
        return request.error is not None or request.path in WATCHING

    def readable(self) -> bool:
        """Tell the loop whether to read on: also while a request is served, one ahead."""
        return not self.input_ended and bool(self.discards_until or super().readable())

    def writable(self) -> bool:
        """Tell the loop whether there is something to send, or this connection to close."""
        if self.discards_until:
            return time.monotonic() > self.discards_until
        return self.held_back or bool(super().writable())

    def handle_write(self) -> None:
        """Send what waits, close when that was asked for; after a refusal, not before the client has said all."""
        if self.discards_until:
            self.handle_close()
        elif self.unread and self.close_when_flushed and not self.total_outbufs_len:
            self.socket.shutdown(socket.SHUT_WR)
            self.discards_until = time.monotonic() + DISCARD
        else:
            super().handle_write()
            if self.held_back and not self._is_behind:
                self._let_go()

    def handle_read(self) -> None:
        """Take what came. The end of the input does not take away an answer that is made or sent just now."""
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.last_activity = time.time()
            self.received(data)  # nothing, once this connection is to be closed
            return
        with self.requests_lock:
            self.input_ended = True
            if self.requests:
                return  # whoever serves it says what is next: _go_on
            self.close_when_flushed = True
        if not self.total_outbufs_len:
            self.handle_close()

    def write_soon(self, data: Any) -> int:
        """Send now what the kernel takes, leave the rest to the loop; raises ClientDisconnected."""
        whole = len(data)
        if type(data) is bytes and not self.total_outbufs_len:
            with self.outbuf_lock:
                if not self.connected:
                    raise ClientDisconnected
                data = data[self.send(data, do_close=False) :]
        if data:
            super().write_soon(data)
            self._wake()
        return whole

    def send(self, data: Any, do_close: bool = True) -> int:  # noqa: ARG002 - as waitress declares it
        """Send what the kernel takes. Never closes: a worker may be here, and only the loop closes."""
        sent: int = super().send(data, do_close=False)
        return sent

    def service(self) -> None:
        """Serve the request that came first; for a worker."""
        request = self.requests[0]
        task = (self.error_task_class if request.error else self.task_class)(self, request)
        self._run(task)
        self.refused, self.unread = False, request.error is not None
        self.last_activity = time.time()  # before it looks idle
        if task.close_on_finish:
            self._take_leave()
        else:
            self._go_on(request)

    def _run(self, task: Task) -> None:
        try:
            if not self.connected:
                raise ClientDisconnected
            task.service()
        except ClientDisconnected:
            task.close_on_finish = True
        except Exception:  # noqa: BLE001 - whatever it was, this connection gets an answer or its end
            _log.exception("serving %s failed", task.request.path)
            task.close_on_finish = True
            if not (task.wrote_header or task.request.error):
                task.request.error = InternalServerError("an unforeseen error; the log has it")
                self._run(self.error_task_class(self, task.request))

    def _take_leave(self) -> None:
        with self.requests_lock:
            self.close_when_flushed = True
            for request in self.requests:
                request.close()
            self.requests = []
        self._wake()

    def _go_on(self, request: Any) -> None:
        request.close()
        with self.requests_lock:
            waited = len(self.requests) > 1
            self.requests.pop(0)
            if self.requests and self._is_behind:
                self.held_back = True
            elif self.requests:
                self.server.add_task(self)
            elif self.input_ended:
                self.close_when_flushed = True
            elif self.request is not None and self.request.expect_continue and self.request.headers_finished:
                self.send_continue()
            wake = waited or self.close_when_flushed or self.total_outbufs_len
        if wake:  # the loop had stopped watching this connection, or has something to do for it
            self._wake()

    @property
    def _is_behind(self) -> bool:
        """
        Whether the client leaves unread what waitress sends on while a request is waiting.

        Served all the same, a worker would soon wait until it reads (waitress's high watermark), perhaps for ever.
        """
        return bool(self.total_outbufs_len >= self.adj.send_bytes)

    def _let_go(self) -> None:
        with self.requests_lock:
            self.held_back = False
            if self.requests:
                self.server.add_task(self)

    def _wake(self) -> None:
        self._map.stir(self._fileno)
        self.server.pull_trigger()


def channel_class(lifecycle: Lifecycle) -> type[Channel]:
    """Give the channel class for a server: once `lifecycle` drains, each response says Connection: close."""
    return type("Channel", (Channel,), {"lifecycle": lifecycle})
