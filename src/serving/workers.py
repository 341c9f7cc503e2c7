"""The threads that serve requests, behind a queue that is one lock in C."""

import logging
import threading
import time
from queue import SimpleQueue
from typing import Any

_log = logging.getLogger("server")


class Workers:
    """What waitress calls a task dispatcher: `add_task` for the loop, `shutdown` for the end."""

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Any] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def add_task(self, task: Any) -> None:
        """Have a worker call `task.service()`."""
        self._tasks.put(task)

    def waiting(self) -> int:
        """Give the number of tasks that no worker has taken yet."""
        return self._tasks.qsize()

    def shutdown(self, timeout: float) -> None:
        """Serve what is queued, then end the threads; wait at most `timeout` seconds for that."""
        for _ in self._threads:
            self._tasks.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        stuck = sum(thread.is_alive() for thread in self._threads)
        if stuck:
            _log.warning("%d workers were still busy after %.0f s", stuck, timeout)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task.service()
            except Exception:  # noqa: BLE001 - the worker lives on, the log has it
                _log.exception("serving broke")
