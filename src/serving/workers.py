"""
The threads that serve requests, in two lanes: what waits for nothing must never wait for what waits.

The general lane takes requests in the order they came; a burst queues here, holding no worker. The reserve takes what
must be answered whatever happens, and tells those who queued for longer than `patience` seconds that they are refused.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

_log = logging.getLogger("server")

PATIENCE = 0.5  # seconds


class Task(Protocol):
    """What waitress hands over: a connection with a request on it."""

    urgent: bool
    refused: bool

    def service(self) -> None:
        """Serve the request."""


class Workers:
    """What waitress calls a task dispatcher: `add_task` for the loop, `shutdown` for the end."""

    def __init__(
        self,
        *,
        general: int,
        reserve: int,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._incoming: deque[Task] = deque()
        self._queue: deque[tuple[float, Task]] = deque()
        # For each entry of the queue a token; where a worker waits is one lock in C. A token may find the queue empty.
        self._tokens: SimpleQueue[bool] = SimpleQueue()
        self._urgent: SimpleQueue[Task | None] = SimpleQueue()
        names = [(self._serve_queue, f"worker-{n}") for n in range(general)]
        names += [(self._serve_urgent, f"reserve-{n}") for n in range(reserve)]
        self._threads = [threading.Thread(target=target, name=name, daemon=True) for target, name in names]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many requests no worker has taken yet."""
        return len(self._queue) + len(self._incoming)

    def add_task(self, task: Task) -> None:
        """Take a request in, to be handed out at the end of the loop's turn; for any thread."""
        if task.urgent:
            self._urgent.put(task)
        else:
            self._incoming.append(task)

    def hand_out(self) -> None:
        """
        Wake workers for what has come in, and have those refused who have queued for too long.

        For the loop, when it has nothing else to do: a worker that is woken before that only waits for the
        interpreter's lock.
        """
        while self._incoming:
            self._queue.append((self._clock(), self._incoming.popleft()))
            self._tokens.put(True)
        self._refuse_overdue()

    def shutdown(self, timeout: float) -> None:
        """Serve what is queued, then end the threads; wait at most `timeout` seconds for that."""
        self.hand_out()
        for _ in self._threads:
            self._tokens.put(False)
            self._urgent.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        busy = sum(thread.is_alive() for thread in self._threads)
        if busy:
            _log.warning("%d workers were still busy after %.0f s", busy, timeout)

    def _refuse_overdue(self) -> None:
        latest = self._clock() - self._patience
        try:
            while self._queue[0][0] < latest:
                since, task = self._queue.popleft()
                if since >= latest:  # a worker took the one that was looked at; this is the next, and in time
                    self._queue.appendleft((since, task))
                    self._tokens.put(True)  # its own may have found the queue empty just now
                    return
                task.refused = True
                self._urgent.put(task)
        except IndexError:  # nobody waits, or a worker was faster
            return

    def _serve_queue(self) -> None:
        while self._tokens.get():
            try:
                _, task = self._queue.popleft()
            except IndexError:  # it was refused meanwhile
                continue
            _serve(task)

    def _serve_urgent(self) -> None:
        while (task := self._urgent.get()) is not None:
            _serve(task)


def _serve(task: Task) -> None:
    try:
        task.service()
    except Exception:  # noqa: BLE001 - the worker lives on, the log has it
        _log.exception("serving broke")
