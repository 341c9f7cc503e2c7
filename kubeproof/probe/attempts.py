"""Things tried once each, one after the other: connections, names, requests to an address, the steps of a journey."""

import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from .exchange import REQUEST_TIMEOUT, encoded, exchange, is_our_own, say, words

# PostgreSQL's question for TLS, which it answers by a letter; MySQL has spoken by then. A server that waits for more
# stays silent, and nothing is shown of it.
GREETING = bytes((0, 0, 0, 8, 4, 210, 22, 47))

RESOLVER = Path("/etc/resolv.conf")

Target = dict[str, Any]
# What comes of a connection: an outcome, and the words that go with it.
Talk = Callable[[socket.socket], tuple[str, str]]


def connect_all(targets: Iterable[Target]) -> None:
    """Try one TCP connection to each target, all at once: a dropped packet costs its whole time-out."""
    with ThreadPoolExecutor(max_workers=32) as pool:
        for answer in pool.map(_connect, targets):
            say(**answer)


def _connect(target: Target) -> Target:
    return _attempted(target, lambda _: ("connected", ""))


def greeted(target: Target) -> Target:
    """Try one TCP connection and greet; whatever runs at the other end then says something or hangs up."""

    def greet(connection: socket.socket) -> tuple[str, str]:
        connection.sendall(GREETING)
        try:
            return "answered", repr(connection.recv(64))
        except TimeoutError as error:
            return "silent", str(error)

    return _attempted(target, greet)


def _attempted(target: Target, talk: Talk) -> Target:
    """The target with what came of the talk, or the words of what kept it from beginning."""
    began = time.monotonic()
    try:
        with socket.create_connection((target["host"], target["port"]), target["timeout"]) as connection:
            outcome, message = talk(connection)
    except ConnectionRefusedError as error:
        outcome, message = "refused", str(error)
    except TimeoutError as error:
        outcome, message = "timeout", str(error)
    except socket.gaierror as error:
        # The name was not found, so nothing was tried: that says nothing about the path.
        outcome, message = "not-observed", f"name not resolved: {error}"
    except OSError as error:
        outcome, message = "not-observed" if is_our_own(error) else "unreachable", str(error)
    return {**target, "outcome": outcome, "says": message, "seconds": _since(began)}


def listen(port: int) -> None:
    """Accept and close connections until stopped: a target for positive controls."""
    server = socket.create_server(("", port))
    while True:
        server.accept()[0].close()


def resolve_all(names: Iterable[str]) -> None:
    """Look up each name as a program would that is about to connect; `{domain}` in it is the cluster's."""
    domain = cluster_domain(RESOLVER.read_text())
    for template in names:
        if domain is None and "{domain}" in template:
            say(asked=template, addresses=[], error=f"not observed: {RESOLVER} searches no svc.DOMAIN")
            continue
        name = template.replace("{domain}", domain or "")
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)}
            say(asked=name, addresses=sorted(found), error=None)
        except socket.gaierror as error:
            say(asked=name, addresses=[], error=str(error))  # here it is the resolver that is asked
        except OSError as error:
            say(asked=name, addresses=[], error=words(error))


def cluster_domain(resolver: str) -> str | None:
    """The domain of a cluster's names, from a resolv.conf that the kubelet wrote; None where it searches no such."""
    searched = [line.split()[1:] for line in resolver.splitlines() if line.split()[:1] == ["search"]]
    # The last search line counts.
    names = searched[-1] if searched else []
    return next((name.removeprefix("svc.").rstrip(".") for name in names if name.startswith("svc.")), None)


def visit_all(targets: Iterable[Target]) -> None:
    """One request to each target's address, under the name of a host that it is to take us to."""
    for target in targets:
        say(**_visit(target))


def _visit(target: Target) -> Target:
    """The target with what answered: status, the pod if it said so, where to go instead."""
    began = time.monotonic()
    status = pod = location = error = None
    connection = HTTPConnection(target["address"], target["port"], timeout=REQUEST_TIMEOUT)
    try:
        payload, typed = encoded(target.get("body"))
        headers = {"Host": target["asked"], "Connection": "close", **typed}
        connection.request(target["method"], target["path"], payload, headers)
        answer = connection.getresponse()
        status, pod, location = answer.status, answer.getheader("X-Pod"), answer.getheader("Location")
    except (OSError, HTTPException) as failure:
        error = words(failure)
    finally:
        connection.close()
    return {**target, "status": status, "pod": pod, "location": location, "error": error, "seconds": _since(began)}


def journey(plan: Mapping[str, Any]) -> None:
    """Walk the steps in order; values saved by one step fill the braces of the next."""
    saved = dict(plan.get("saved", {}))
    for index, step in enumerate(plan["steps"]):
        method, url, body = step["method"], _filled(step["url"], saved), _filled(step.get("body"), saved)
        began = time.monotonic()
        status, answer, error = exchange(method, url, body)
        seconds = _since(began)
        if isinstance(answer, dict):
            saved |= {name: answer[key] for name, key in step.get("save", {}).items() if key in answer}
        said = {"index": index, "method": method, "url": url, "status": status, "body": answer, "error": error}
        say(**said, saved=saved, seconds=seconds)


def _filled(template: Any, saved: Mapping[str, Any]) -> Any:
    """A template with saved values in the braces of every string of it."""
    if isinstance(template, str):
        for name, known in saved.items():
            template = template.replace("{" + name + "}", str(known))
        return template
    if isinstance(template, dict):
        return {key: _filled(inner, saved) for key, inner in template.items()}
    return template


def _since(began: float) -> float:
    return round(time.monotonic() - began, 4)
