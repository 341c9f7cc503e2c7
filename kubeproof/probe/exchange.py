"""One HTTP request and its answer, and how a line is printed: what the commands have in common."""

import errno
import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

REQUEST_TIMEOUT = 10.0  # seconds; longer than any answer the services promise, so that a slow one is seen as slow

# What this machine has too little of, or its resolver does not know: it says nothing of whoever was to be asked.
OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}

TOGETHER = 0.02  # seconds in which lines are gathered: a thread that wakes up for each takes a third of the processor

_printing = threading.Lock()


def say(**line: Any) -> None:
    """Print one line, as a whole also when many threads print."""
    with _printing:
        print(json.dumps(line), flush=True)


@contextmanager
def printing() -> Iterator[Callable[..., None]]:
    """Lend a `say` that never waits: a thread prints, for a pipe that is full must not make anybody late."""
    waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def print_all() -> None:
        going_on = True
        while going_on:
            lines = [waiting.get()]
            time.sleep(TOGETHER)
            while not waiting.empty():
                lines.append(waiting.get())
            going_on = lines[-1] is not None
            sys.stdout.write("".join(f"{json.dumps(line)}\n" for line in lines if line is not None))
            sys.stdout.flush()

    printer = threading.Thread(target=print_all)
    printer.start()
    try:
        yield lambda **line: waiting.put(line)
    finally:
        waiting.put(None)
        printer.join()


def is_our_own(error: Exception) -> bool:
    """Whether a failure is the probe's and not the system's: then nothing was observed."""
    return isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in OUR_OWN)


def words(error: Exception) -> str:
    """A failure in one phrase: which, and what it said; one of the probe's own begins with `not observed`."""
    said = f"{type(error).__name__}: {error}"
    return f"not observed: {said}" if is_our_own(error) else said


def encoded(body: Any) -> tuple[bytes | None, dict[str, str]]:
    """A JSON value as the payload of a request, and the headers that go with it; None is no body."""
    return (None, {}) if body is None else (json.dumps(body).encode(), {"Content-Type": "application/json"})


def place(url: str) -> tuple[str, int, str]:
    """Host, port and request target of an http URL; raises ValueError."""
    where = urlsplit(url)
    if where.hostname is None:
        raise ValueError(f"{url!r} names no host")
    return where.hostname, where.port or 80, where.path + (f"?{where.query}" if where.query else "")


def exchange(
    method: str, url: str, body: Any, headers: Mapping[str, str] | None = None
) -> tuple[int | None, Any, str | None]:
    """One request on a connection of its own: status, parsed answer, and the failure's words or None."""
    host, port, target = place(url)
    connection = HTTPConnection(host, port, timeout=REQUEST_TIMEOUT)
    try:
        payload, typed = encoded(body)
        connection.request(method, target, payload, {**typed, **(headers or {})})
        answer = connection.getresponse()
        raw = answer.read()
    except (OSError, HTTPException) as error:
        return None, None, words(error)
    finally:
        connection.close()
    try:
        return answer.status, json.loads(raw) if raw else None, None
    except ValueError:
        return answer.status, raw.decode(errors="replace")[:500], None
