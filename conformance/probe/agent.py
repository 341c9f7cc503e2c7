"""
What runs inside the cluster for the harness: looks up names, tries connections, walks journeys, keeps the ledger.

Standard library only, so that any image with Python can carry it. Every command prints JSON lines on standard
output, one an observation, and never judges: an attempt that failed is a line with the words of its failure.

    agent.py idle                      wait to be stopped (a place to exec into)
    agent.py listen PORT               accept and close TCP connections (a target for positive controls)
    agent.py connect  '[{"host":…,"port":…,"timeout":…},…]'
    agent.py resolve  '["name",…]'
    agent.py visit    '[{"address":…,"port":…,"host":…,"asked":…,"path":…},…]'     GET path, Host: asked
    agent.py journey  '{"steps":[…],"saved":{…}}'
    agent.py traffic  '{"method":…,"url":…,"body":…,"rate":…,"seconds":…}'     until a line or the end of standard input
    agent.py ask      '{"targets":[{"method":…,"url":…,"body":…,"headers":{…},…},…],"rate":…,"seconds":…}'     the same
    agent.py greet    '{"targets":[{"host":…,"port":…,"timeout":…,…},…],"rate":…,"seconds":…}'     the same
"""

import json
import select
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

REQUEST_TIMEOUT = 10.0  # seconds; longer than any answer the services promise, so that a slow one is seen as slow
SENDERS = 8  # threads of each kind of connection; each keeps one connection when they are reused
# PostgreSQL's question for TLS, which it answers by a letter; MySQL has spoken by then. A server that waits for more
# stays silent, and nothing is shown of it.
GREETING = bytes((0, 0, 0, 8, 4, 210, 22, 47))

_printing = threading.Lock()


def say(**line):
    with _printing:
        print(json.dumps(line), flush=True)


# --- reachability and names ---------------------------------------------------------------------------------


def connect(target):
    """Try one TCP connection; give its outcome and the words of the failure."""
    return attempted(target, lambda _: ("connected", ""))


def greeted(target):
    """Try one TCP connection and greet; whatever runs at the other end then says something or hangs up."""

    def greet(connection):
        connection.sendall(GREETING)
        try:
            return "answered", repr(connection.recv(64))
        except TimeoutError as error:
            return "silent", str(error)

    return attempted(target, greet)


def attempted(target, talk):
    """Connect, and give what came of the talk or the words of what kept it from beginning."""
    began = time.monotonic()
    try:
        with socket.create_connection((target["host"], target["port"]), target["timeout"]) as connection:
            outcome, says = talk(connection)
    except ConnectionRefusedError as error:
        outcome, says = "refused", str(error)
    except TimeoutError as error:
        outcome, says = "timeout", str(error)
    except socket.gaierror as error:
        # The name was not found, so nothing was tried: that says nothing about the path.
        outcome, says = "not-observed", f"name not resolved: {error}"
    except OSError as error:
        outcome, says = "unreachable", str(error)
    return {**target, "outcome": outcome, "says": says, "seconds": round(time.monotonic() - began, 4)}


def connect_all(targets):
    with ThreadPoolExecutor(max_workers=32) as pool:
        for answer in pool.map(connect, targets):
            say(**answer)


def resolve_all(names):
    for name in names:
        try:
            found = {entry[4][0] for entry in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)}
            say(asked=name, addresses=sorted(found), error=None)
        except OSError as error:
            say(asked=name, addresses=[], error=str(error))


def listen(port):
    server = socket.create_server(("", port))
    while True:
        server.accept()[0].close()


# --- routes ---------------------------------------------------------------------------------------------------


def visit(target):
    """One GET to an address under a host's name; give what answered it."""
    began = time.monotonic()
    status = pod = location = error = None
    connection = HTTPConnection(target["address"], target["port"], timeout=REQUEST_TIMEOUT)
    try:
        connection.request("GET", target["path"], headers={"Host": target["asked"], "Connection": "close"})
        answer = connection.getresponse()
        status, pod, location = answer.status, answer.getheader("X-Pod"), answer.getheader("Location")
    except (OSError, HTTPException) as failure:
        error = f"{type(failure).__name__}: {failure}"
    finally:
        connection.close()
    seconds = round(time.monotonic() - began, 4)
    return {**target, "status": status, "pod": pod, "location": location, "error": error, "seconds": seconds}


def visit_all(targets):
    for target in targets:
        say(**visit(target))


# --- journeys -----------------------------------------------------------------------------------------------


def fill(value, saved):
    """Put saved values into the braces of every string of a template."""
    if isinstance(value, str):
        for name, known in saved.items():
            value = value.replace("{" + name + "}", str(known))
        return value
    if isinstance(value, dict):
        return {key: fill(inner, saved) for key, inner in value.items()}
    return value


def encoded(body):
    """A JSON value as the payload of a request, and the headers that go with it; None is no body."""
    return (None, {}) if body is None else (json.dumps(body).encode(), {"Content-Type": "application/json"})


def exchange(method, url, body, headers=None):
    """One request on a connection of its own: status, parsed answer, and the failure's words or None."""
    where = urlsplit(url)
    target = where.path + (f"?{where.query}" if where.query else "")
    connection = HTTPConnection(where.hostname, where.port or 80, timeout=REQUEST_TIMEOUT)
    try:
        payload, typed = encoded(body)
        connection.request(method, target, payload, {**typed, **(headers or {})})
        answer = connection.getresponse()
        raw = answer.read()
    except (OSError, HTTPException) as error:
        return None, None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    try:
        return answer.status, json.loads(raw) if raw else None, None
    except ValueError:
        return answer.status, raw.decode(errors="replace")[:500], None


def journey(plan):
    """Walk the steps in order; values saved by one step fill the braces of the next."""
    saved = dict(plan.get("saved", {}))
    for index, step in enumerate(plan["steps"]):
        url, body = fill(step["url"], saved), fill(step.get("body"), saved)
        began = time.monotonic()
        status, answer, error = exchange(step["method"], url, body)
        if isinstance(answer, dict):
            saved.update({name: answer[key] for name, key in step.get("save", {}).items() if key in answer})
        say(
            index=index,
            method=step["method"],
            url=url,
            status=status,
            body=answer,
            error=error,
            saved=dict(saved),
            seconds=round(time.monotonic() - began, 4),
        )


# --- the request ledger -------------------------------------------------------------------------------------


class Schedule:
    """Intended times of an open-loop sender: what is due is due, however late the answers come."""

    def __init__(self, rate, seconds):
        self._interval = 1 / rate
        self._began = time.time()
        self._left = int(rate * seconds)
        self._next = 0
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def take(self):
        """The next intended time, slept for; None when the schedule is over or stopped."""
        with self._lock:
            if self.stopped.is_set() or self._next >= self._left:
                return None
            intended = self._began + self._next * self._interval
            self._next += 1
        # A request already taken is sent even when the stop comes meanwhile: the ledger has no holes.
        time.sleep(max(0.0, intended - time.time()))
        return intended


class Sender:
    """One thread of requests on new connections, or on one connection kept open as long as the server allows."""

    def __init__(self, plan, schedule, reuse):
        where = urlsplit(plan["url"])
        self._host, self._port = where.hostname, where.port or 80
        self._target = where.path + (f"?{where.query}" if where.query else "")
        self._method, self._payload, typed = plan["method"], *encoded(plan["body"])
        self._headers = typed if reuse else {**typed, "Connection": "close"}
        self._schedule, self._reuse = schedule, reuse
        self._connection = None
        self.sent = 0

    def run(self):
        while (intended := self._schedule.take()) is not None:
            self.sent += 1
            self._send(intended)
        self._drop()

    def _send(self, intended):
        sent, status, pod, error, phase = time.time(), None, None, None, "dial"
        try:
            if self._connection is None:
                self._connection = HTTPConnection(self._host, self._port, timeout=REQUEST_TIMEOUT)
                self._connection.connect()
            phase = "send"
            self._connection.request(self._method, self._target, self._payload, self._headers)
            phase = "header"
            answer = self._connection.getresponse()
            status, pod = answer.status, answer.getheader("X-Pod")
            phase = "body"
            answer.read()
            phase = None
            if answer.will_close or not self._reuse:
                self._drop()
        except (OSError, HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
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

    def _drop(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def traffic(plan):
    """Send at `rate` a second on new and as many on reused connections, until told to stop or `seconds` are over."""
    schedules = {kind: Schedule(plan["rate"], plan["seconds"]) for kind in ("new", "reused")}
    senders = {
        kind: [Sender(plan, schedule, reuse=kind == "reused") for _ in range(SENDERS)]
        for kind, schedule in schedules.items()
    }
    run_until_told([sender.run for group in senders.values() for sender in group], schedules.values())
    for kind, group in senders.items():
        say(kind="ledger.end", connection=kind, sent=sum(sender.sent for sender in group))


def ask(plan):
    """Ask each target `rate` times a second on new connections; `seconds` of an answer count from its intended time."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]
    asked = []

    def asking(target, schedule):
        fields = {name: value for name, value in target.items() if name not in ("method", "body", "headers")}
        while (intended := schedule.take()) is not None:
            headers = {**target["headers"], "Connection": "close"}
            status, _, error = exchange(target["method"], target["url"], target["body"], headers)
            took = round(time.time() - intended, 4)
            asked.append(intended)
            say(kind="asked", **fields, seconds=took, status=status, error=error)

    pairs = zip(plan["targets"], schedules, strict=True)
    run_until_told([lambda pair=pair: asking(*pair) for pair in pairs for _ in range(SENDERS)], schedules)
    say(kind="asked.end", asked=len(asked))


def greet(plan):
    """Greet each target `rate` times a second, one greeting after the other."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]

    def greeting(target, schedule):
        while schedule.take() is not None:
            say(kind="greeted", **greeted(target))

    pairs = zip(plan["targets"], schedules, strict=True)
    run_until_told([lambda pair=pair: greeting(*pair) for pair in pairs], schedules)


def run_until_told(runs, schedules):
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


COMMANDS = {
    "ask": ask,
    "connect": connect_all,
    "greet": greet,
    "resolve": resolve_all,
    "visit": visit_all,
    "journey": journey,
    "traffic": traffic,
    "listen": listen,
}


def main(arguments):
    if arguments[:1] == ["idle"]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.pause()
    elif len(arguments) == 2 and arguments[0] in COMMANDS:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        COMMANDS[arguments[0]](json.loads(arguments[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
