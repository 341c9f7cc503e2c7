"""Clients that reuse connections, as a pool of a caller does, while the server behind their address is replaced."""

import http.client
import random
import threading
import time
from collections.abc import Callable

from tests.helpers.service_child import ServiceChild

CLIENTS = 24
LONGEST_PAUSE = 0.6  # seconds between two requests of a client: a linger must be longer

Ask = Callable[[http.client.HTTPConnection, str], None]
"""Sends one request; the text is another one for each."""


class KeepAliveClients:
    """Ask on and on while entered. `target` is where a new connection goes, as a Service's address does."""

    def __init__(self, target: int, ask: Ask) -> None:
        self.target = target
        self.failures: list[str] = []
        self.answers: dict[str, bytes] = {}
        self.moved = 0
        self._ask = ask
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> "KeepAliveClients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)

    def handed_over(self, old: ServiceChild, new: ServiceChild) -> None:
        """Tell `old` to stop as a rollout does, with `new` taking its place; returns when it has ended well."""
        time.sleep(0.7)
        old.terminate()
        time.sleep(0.5)  # endpoints take a while to move: until then new connections still come here
        self.target = new.port
        assert old.ended(within=8) == 0
        time.sleep(0.5)

    def _run(self, client: int) -> None:
        pauses, connection, number = random.Random(client), None, 0
        while not self._stop.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=5)
            number += 1
            name = f"{client}-{number}"
            try:
                self._ask(connection, name)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection = None
                continue
            if response.status in (200, 201):
                self.answers[name] = body
            else:
                self.failures.append(f"{response.status}: {body!r}")
            if response.will_close:
                self.moved += 1
                connection = None
            self._stop.wait(pauses.uniform(0, LONGEST_PAUSE))
