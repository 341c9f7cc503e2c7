"""
Requests sent when they are due while pods are replaced, on new connections and on ones that are kept.

Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for kubeproof.observe.rollout.
"""

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from .exchange import REQUEST_TIMEOUT, encoded, place, say, words
from .schedule import Schedule, run_until_told

SENDERS = 8  # threads of each kind of connection; each keeps one connection when they are reused

Plan = Mapping[str, Any]


def traffic(plan: Plan) -> None:
    """
    Send at `rate` a second on new and as many on reused connections, until told to stop or `seconds` are over.

    Every request is printed as a `request`, and in the end their number: kubeproof.evidence.request_log reads both.
    """
    schedules = {kind: Schedule(plan["rate"], plan["seconds"]) for kind in ("new", "reused")}
    senders = {
        kind: [Sender(plan, schedule, reuse=kind == "reused") for _ in range(SENDERS)]
        for kind, schedule in schedules.items()
    }
    run_until_told([sender.run for group in senders.values() for sender in group], schedules.values())
    for kind, group in senders.items():
        say(kind="ledger.end", connection=kind, sent=sum(sender.sent for sender in group))


class Sender:
    """One thread of requests on new connections, or on one connection kept open as long as the server allows."""

    def __init__(self, plan: Plan, schedule: Schedule, *, reuse: bool) -> None:
        self._host, self._port, self._target = place(plan["url"])
        self._method = plan["method"]
        self._payload, typed = encoded(plan["body"])
        self._headers = typed if reuse else {**typed, "Connection": "close"}
        self._schedule, self._reuse = schedule, reuse
        self._connection: HTTPConnection | None = None
        self.sent = 0

    def run(self) -> None:
        """Send until the schedule is over."""
        while (intended := self._schedule.take()) is not None:
            self.sent += 1
            self._send(intended)
        self._drop()

    def _send(self, intended: float) -> None:
        sent = time.time()
        status = pod = error = None
        phase: str | None = "dial"
        try:
            connection = self._connected()
            phase = "send"
            connection.request(self._method, self._target, self._payload, self._headers)
            phase = "header"
            answer = connection.getresponse()
            status, pod = answer.status, answer.getheader("X-Pod")
            phase = "body"
            answer.read()
            phase = None
            if answer.will_close or not self._reuse:
                self._drop()
        except (OSError, HTTPException) as failure:
            error = words(failure)
            self._drop()
        say(
            kind="request",
            connection="reused" if self._reuse else "new",
            intended=intended,
            sent=sent,
            seconds=round(time.time() - sent, 4),
            status=status,
            error=error,
            phase=phase,
            pod=pod,
        )

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection(self._host, self._port, timeout=REQUEST_TIMEOUT)
            self._connection.connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
