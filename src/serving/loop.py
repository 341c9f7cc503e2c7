"""
The loop under waitress, on epoll: a turn costs as much as what happened in it, not as much as there are connections.

Waitress's own loop asks every connection, in every turn, what it waits for; a thousand idle clients make that a
millisecond, twice for each request.
"""

import select
import time
from collections import deque
from typing import Any

from waitress import wasyncore

# Seconds between two turns that ask every connection: waitress marks an idle one for its end without waking the loop.
SCAN = 1.0

_READ, _WRITE = select.EPOLLIN | select.EPOLLPRI, select.EPOLLOUT


class Watched(dict[int, Any]):
    """The map of descriptors that waitress keeps: what is in it is watched. Turned by one thread."""

    def __init__(self) -> None:
        super().__init__()
        self._epoll = select.epoll()
        self._wanted: dict[int, int] = {}
        self._stirred: deque[int] = deque()
        self._next_scan = 0.0

    def __setitem__(self, descriptor: int, dispatcher: Any) -> None:
        super().__setitem__(descriptor, dispatcher)
        self._wanted[descriptor] = 0
        self._epoll.register(descriptor, 0)
        self._stirred.append(descriptor)  # not asked yet: it is still being made

    def __delitem__(self, descriptor: int) -> None:
        super().__delitem__(descriptor)
        del self._wanted[descriptor]
        self._epoll.unregister(descriptor)

    def stir(self, descriptor: int | None) -> None:
        """Have one asked anew at the next turn what it waits for; for any thread. None is nobody."""
        if descriptor is not None:
            self._stirred.append(descriptor)

    def turn(self, within: float) -> bool:
        """Wait at most so many seconds for something to happen, and handle it; tell whether everyone was asked."""
        while self._stirred:
            self._ask(self._stirred.popleft())
        scans = time.monotonic() >= self._next_scan
        if scans:
            self._next_scan = time.monotonic() + SCAN
            for descriptor in list(self):
                self._ask(descriptor)
        for descriptor, happened in self._epoll.poll(within):
            dispatcher = self.get(descriptor)
            if dispatcher is not None:
                wasyncore.readwrite(dispatcher, happened)
                self._ask(descriptor)
        return scans

    def _ask(self, descriptor: int) -> None:
        dispatcher = self.get(descriptor)
        if dispatcher is None:
            return
        wanted = _READ if dispatcher.readable() else 0
        if dispatcher.writable() and not dispatcher.accepting:
            wanted |= _WRITE
        if wanted != self._wanted[descriptor]:
            self._wanted[descriptor] = wanted
            self._epoll.modify(descriptor, wanted)
