"""
Requests sent when they are due while pods are replaced, on new connections and on ones that are kept.

Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for kubeproof.observe.rollout.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any

from .exchange import REQUEST_TIMEOUT, encoded, place, printing, words
from .schedule import Schedule, run_until_told

KEPT = 8  # connections that are kept and take turns; more are opened while all of them wait for an answer

Plan = Mapping[str, Any]
Say = Callable[..., None]


def traffic(plan: Plan) -> None:
    """
    Send at `rate` a second on new and as many on reused connections, until told to stop or `seconds` are over.

    Open loop: what is due is sent, however many wait for their answers. Every request is printed as a `request`, and in
    the end their number: kubeproof.evidence.request_log reads both.
    """
    with printing() as say:
        schedules = {kind: Schedule(plan["rate"], plan["seconds"]) for kind in ("new", "reused")}
        senders = {kind: Senders(plan, schedule, kind, say) for kind, schedule in schedules.items()}
        run_until_told([sender.run for sender in senders.values()], schedules.values())
        for kind, sender in senders.items():
            say(kind="ledger.end", connection=kind, sent=sender.sent)


class Senders:
    """Requests on new connections, or on connections that are kept open as long as the server allows."""

    def __init__(self, plan: Plan, schedule: Schedule, kind: str, say: Say) -> None:
        self._host, self._port, self._target = place(plan["url"])
        self._method = plan["method"]
        self._payload, typed = encoded(plan["body"])
        self._kind, self._reuse = kind, kind == "reused"
        self._headers = typed if self._reuse else {**typed, "Connection": "close"}
        self._schedule, self._say = schedule, say
        # More than may be under way: whoever is due finds a thread.
        self._threads = ThreadPoolExecutor(int(plan["rate"] * REQUEST_TIMEOUT) + 2 * KEPT)
        # Those that are to be opened are None; the one that has waited for longest comes first.
        self._idle: deque[HTTPConnection | None] = deque([None] * KEPT)
        self._lock = Lock()
        self.sent = 0

    def run(self) -> None:
        """Send until the schedule is over, and wait for the answers."""
        with self._threads:
            while (intended := self._schedule.take()) is not None:
                self.sent += 1
                self._threads.submit(self._send, intended)
        for connection in self._idle:
            if connection is not None:
                connection.close()

    def _send(self, intended: float) -> None:
        sent = time.time()
        status = pod = error = None
        phase: str | None = "dial"
        connection = self._taken()
        kept = False
        try:
            if connection.sock is None:
                connection.connect()
            phase = "send"
            connection.request(self._method, self._target, self._payload, self._headers)
            phase = "header"
            answer = connection.getresponse()
            status, pod = answer.status, answer.getheader("X-Pod")
            phase = "body"
            answer.read()
            phase = None
            kept = self._reuse and not answer.will_close
        except (OSError, HTTPException) as failure:
            error = words(failure)
        took = round(time.time() - sent, 4)
        self._put_back(connection, kept=kept)
        self._say(
            kind="request",
            connection=self._kind,
            to=None,
            intended=intended,
            sent=sent,
            seconds=took,
            status=status,
            error=error,
            phase=phase,
            pod=pod,
        )

    def _taken(self) -> HTTPConnection:
        with self._lock:
            connection = self._idle.popleft() if self._reuse and self._idle else None
        return connection or HTTPConnection(self._host, self._port, timeout=REQUEST_TIMEOUT)

    def _put_back(self, connection: HTTPConnection, *, kept: bool) -> None:
        if not kept:
            connection.close()
        with self._lock:
            self._idle.append(connection if kept else None)
