"""
Requests sent when they are due, however late the answers come: the `traffic` of a rollout, the asks of an outage.

A sender that waits for its answers asks less while the system is slow, and sees less of it (coordinated omission).
Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for those who give the plan,
kubeproof.observe.rollout and kubeproof.observe.outage.
"""

import select
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import Any

from .attempts import Target, greeted
from .exchange import REQUEST_TIMEOUT, encoded, exchange, place, say, words

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
    _run_until_told([sender.run for group in senders.values() for sender in group], schedules.values())
    for kind, group in senders.items():
        say(kind="ledger.end", connection=kind, sent=sum(sender.sent for sender in group))


def ask(plan: Plan) -> None:
    """Ask each target `rate` times a second on new connections; `seconds` of an answer count from its intended time."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]
    asked: list[float] = []

    def asking(target: Plan, schedule: Schedule) -> None:
        fields = {name: value for name, value in target.items() if name not in ("method", "body", "headers")}
        while (intended := schedule.take()) is not None:
            headers = {**target["headers"], "Connection": "close"}
            status, _, error = exchange(target["method"], target["url"], target["body"], headers)
            took = round(time.time() - intended, 4)
            asked.append(intended)
            say(kind="asked", **fields, seconds=took, status=status, error=error)

    pairs = zip(plan["targets"], schedules, strict=True)
    _run_until_told([partial(asking, *pair) for pair in pairs for _ in range(SENDERS)], schedules)
    say(kind="asked.end", asked=len(asked))


def greet(plan: Plan) -> None:
    """Greet each target `rate` times a second, one greeting after the other."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]

    def greeting(target: Target, schedule: Schedule) -> None:
        while schedule.take() is not None:
            say(kind="greeted", **greeted(target))

    pairs = zip(plan["targets"], schedules, strict=True)
    _run_until_told([partial(greeting, *pair) for pair in pairs], schedules)


class Schedule:
    """Intended times, `rate` a second for `seconds`: what is due is due, however late the answers come."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._interval = 1 / rate
        self._began = time.time()
        self._left = int(rate * seconds)
        self._next = 0
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def take(self) -> float | None:
        """The next intended time, slept for; None when the schedule is over or stopped."""
        with self._lock:
            if self.stopped.is_set() or self._next >= self._left:
                return None
            intended = self._began + self._next * self._interval
            self._next += 1
        # A request already taken is sent even when the stop comes meanwhile: the log has no holes.
        time.sleep(max(0.0, intended - time.time()))
        return intended


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


def _run_until_told(runs: Iterable[Callable[[], None]], schedules: Iterable[Schedule]) -> None:
    """Run each in a thread until all are over; a line or the end of standard input stops the schedules."""
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if select.select([sys.stdin], [], [], 0.2)[0]:
            break
    for schedule in schedules:
        schedule.stopped.set()
    for thread in threads:
        thread.join()
