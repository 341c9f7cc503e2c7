"""
Connections kept to each pod of a workload while its pods are replaced, with requests under way when each pod ends.

A drain that takes leave of idle connections and cuts what it is just answering loses a request only where one is under
way when the signal comes. So each pod has HELD connections of its own, by its own address: they ask now and then, and
around the moment that the pod is told to end they ask again at once whenever they were answered.

Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for kubeproof.observe.rollout.
"""

import json
import os
import select
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from .exchange import REQUEST_TIMEOUT, encoded, place, printing, words

HELD = 6  # connections to each pod: while one has just been answered, others are under way
# Seconds between the two halves of a request on every other connection, as over a slow network: whoever answers fast
# would nearly always have just answered, and the machine is spared.
HALFWAY = 0.03
SECOND_OPINION = 2.0  # seconds for an answer to whether a pod that took leave of a connection is still there
LAST = 1.0  # seconds before the end of a connection in which the times of all its requests are said

Plan = Mapping[str, Any]
Say = Callable[..., None]
End = tuple[float, str]  # when, and how


def hold(plan: Plan) -> None:
    """
    Hold connections to each of `pods` and ask `rate` times a second on each, until told to stop or `seconds` are over.

    Told {"uid", "after", "for", "every"} on standard input, those of that pod ask every so many seconds, 0 for at once,
    in a window that begins `after` seconds from then on. What is said:

    `request`: the first answer on each of the HELD, each that is another one than the first, and each request that was
    lost. A thousand answers that are the same are one line and a count.

    `held.end`, once for each of the HELD: `at` and `how` it ended, the number of `requests`, and `busy`, those of its
    last second, each as [sent, answered] in seconds before the end. A connection that was told to close, or closed
    while it was idle, is opened anew: servers do this for reasons of their own. Where nobody takes it, or the first
    answer says to close again, the pod has left, and did so at the first leave.

    What is lost: a request that was written while the connection was open, as far as could be seen, and was not
    answered to its end. It may have crossed the close of an idle connection on its way. From here that is the same as a
    request that was cut, a caller with a kept connection loses it just so, and a drain that says `Connection: close`
    first loses none. What a pod leaves unanswered that has taken its leave before is not lost.
    """
    with printing() as say:
        counted = _Counted(say)
        holders = {
            pod["uid"]: [Holder(plan, pod, counted, halting=n % 2 == 1) for n in range(HELD)] for pod in plan["pods"]
        }
        every = [holder for held in holders.values() for holder in held]
        threads = [threading.Thread(target=holder.run) for holder in every]
        for thread in threads:
            thread.start()
        _pass_on(holders, time.monotonic() + plan["seconds"])
        for holder in every:
            holder.stop()
        for thread in threads:
            thread.join()
        say(kind="ledger.end", connection="held", sent=counted.requests)


def _pass_on(holders: Mapping[str, list["Holder"]], deadline: float) -> None:
    """Tell the holders of a pod what is said of it, until it is said to stop."""
    said = b""
    while time.monotonic() < deadline:
        if not select.select([sys.stdin], [], [], 0.2)[0]:
            continue
        more = os.read(sys.stdin.fileno(), 65536)
        *lines, said = (said + more).split(b"\n")
        for line in lines:
            if not line.startswith(b"{"):
                return
            told = json.loads(line)
            for holder in holders.get(told["uid"], ()):
                holder.ask_often(told["after"], told["for"], told["every"])
        if not more:
            return


class _Counted:
    """Says lines, and counts the requests among them."""

    def __init__(self, say: Say) -> None:
        self._say, self._lock, self.requests = say, threading.Lock(), 0

    def __call__(self, kind: str, **line: Any) -> None:
        with self._lock:
            self.requests += kind == "request"
            self._say(kind=kind, **line)


class Halting(HTTPConnection):
    """A connection on which a request comes in two pieces, and is under way for a while whoever answers it."""

    def send(self, data: Any) -> None:
        """Send the first half, and after a while the rest."""
        half = len(data) // 2
        super().send(data[:half])
        time.sleep(HALFWAY)
        super().send(data[half:])


class Holder:
    """A thread with one connection to one pod, opened anew as long as the pod takes it."""

    def __init__(self, plan: Plan, pod: Plan, say: Say, *, halting: bool) -> None:
        self._connection = Halting if halting else HTTPConnection
        self._to = {"to": pod["pod"], "uid": pod["uid"]}
        self._host, self._port, self._target = place(pod["url"])
        self._method, (self._payload, self._headers) = plan["method"], encoded(plan["body"])
        self._every, self._often = 1 / plan["rate"], (0.0, 0.0, 0.0)  # often: from, to, seconds between two
        self._say = say
        self._wake, self._woken = socket.socketpair()
        self._stopped = False
        self._busy: deque[tuple[float, float]] = deque()
        self._requests = 0
        self._first: tuple[int, str | None] | None = None

    def ask_often(self, after: float, lasting: float, every: float) -> None:
        """From `after` seconds from now on, and for so long, ask every so many seconds."""
        began = time.time() + after
        self._often = (began, began + lasting, every)
        self._wake.send(b".")

    def stop(self) -> None:
        """Have it end at the next moment that nothing is under way."""
        self._stopped = True
        self._wake.send(b".")

    def run(self) -> None:
        """Ask until the pod has left or it is stopped, and say how it ended."""
        at, how = self._held()
        busy = [(round(at - sent, 4), round(at - end, 4)) for sent, end in self._busy if at - LAST < end <= at]
        self._say("held.end", **self._to, at=at, how=how, requests=self._requests, busy=busy)

    def _held(self) -> End:
        left: End | None = None
        ever = 0
        while True:
            patience = SECOND_OPINION if left else REQUEST_TIMEOUT
            connection = self._connection(self._host, self._port, timeout=patience)
            try:
                connection.connect()
                end, kept = self._on(connection, left)
            except OSError as error:
                return left or (time.time(), f"never opened: {words(error)}")
            finally:
                connection.close()
            ever += kept
            if left and not kept:
                return left if ever else (left[0], "not kept")
            if end[1] in ("cut", "stopped"):
                return end
            left = end

    def _on(self, connection: HTTPConnection, left: End | None) -> tuple[End, int]:
        """How one connection ended, and how many answers it was kept open after; OSError for a pod that has left."""
        kept = 0
        while True:
            # A new connection asks at once: a server may close one that is silent.
            if kept and (over := self._idle(connection)) is not None:
                return over, kept
            sent, phase = time.time(), "send"
            try:
                connection.request(self._method, self._target, self._payload, self._headers)
                phase = "header"
                answer = connection.getresponse()
                phase = "body"
                answer.read()
            except (OSError, HTTPException) as error:
                if left and not kept:
                    raise OSError from error
                cut = self._asked(sent)
                self._tell(sent, error=words(error), phase=phase)
                return (cut, "cut"), kept
            end = self._asked(sent)
            self._answered(sent, (answer.status, answer.getheader("X-Pod")))
            if answer.will_close:
                return (end, "told to close"), kept
            if not kept and connection.sock is not None:
                connection.sock.settimeout(REQUEST_TIMEOUT)
            kept += 1

    def _idle(self, connection: HTTPConnection) -> End | None:
        """Wait until the next request is due; an end where the connection has none because it is closed or stopped."""
        asked = time.time()
        while True:
            now = time.time()
            began, over, every = self._often
            due = asked + every if began <= now < over else asked + self._every
            if began > now:
                due = min(due, began)
            readable, _, _ = select.select([connection.sock, self._woken], [], [], max(0.0, due - now))
            if connection.sock in readable:
                return time.time(), "closed while idle"
            if self._stopped:
                return time.time(), "stopped"
            if not readable:
                return None
            self._woken.recv(64)

    def _asked(self, sent: float) -> float:
        """A request was under way from `sent` to now; now."""
        end = time.time()
        self._requests += 1
        self._busy.append((sent, end))
        # An end may be known only after it was asked for a second opinion.
        while self._busy[0][1] < end - LAST - 2 * SECOND_OPINION:
            self._busy.popleft()
        return end

    def _answered(self, sent: float, answer: tuple[int, str | None]) -> None:
        if self._first is None or answer != self._first:
            self._first = self._first or answer
            self._tell(sent, status=answer[0], pod=answer[1])

    def _tell(self, sent: float, **answer: Any) -> None:
        known = {"status": None, "error": None, "phase": None, "pod": None, **answer}
        times = {"intended": sent, "sent": sent, "seconds": round(time.time() - sent, 4)}
        self._say("request", connection="held", **self._to, **times, **known)
