"""
The commands of the probe.

    idle            wait to be stopped (a place to exec into)
    listen PORT     accept and close TCP connections

The others are given a plan, one line of JSON on standard input: among many pods it is too long for an argument.

    connect  [{"host":…,"port":…,"timeout":…},…]                    try a TCP connection to each
    resolve  ["name",…]                                             look up each name
    visit    [{"address":…,"port":…,"asked":…,"method":…,"path":…,"body":…},…]   ask each once, Host: asked
    journey  {"steps":[…],"saved":{…}}                              walk the steps in order
    traffic  {"method":…,"url":…,"body":…,"rate":…,"seconds":…}     until another line or the end of standard input
    ask      {"targets":[{"method":…,"url":…,"body":…,"headers":{…},…},…],"rate":…,"seconds":…}     the same
    hold     {"pods":[{"pod":…,"uid":…,"url":…},…],"method":…,"body":…,"rate":…,"seconds":…}     the same, and told
    greet    {"targets":[{"host":…,"port":…,"timeout":…,…},…],"rate":…,"seconds":…}                 the same
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .asking import ask, greet
from .attempts import connect_all, journey, listen, resolve_all, visit_all
from .holding import hold
from .traffic import traffic

COMMANDS: dict[str, Callable[[Any], None]] = {
    "ask": ask,
    "connect": connect_all,
    "greet": greet,
    "hold": hold,
    "journey": journey,
    "resolve": resolve_all,
    "traffic": traffic,
    "visit": visit_all,
}


def main(arguments: Sequence[str]) -> None:
    """Run one command to its end; what is no command ends with the list of them, exit status 1."""
    match arguments:
        case ["idle"]:
            _end_quietly_when_told()
            signal.pause()
        case ["listen", port]:
            _end_quietly_when_told()
            listen(int(port))
        case [command] if command in COMMANDS:
            _end_quietly_when_told()
            # Unbuffered: what follows the plan is for whoever waits to be told to stop.
            COMMANDS[command](json.loads(os.fdopen(sys.stdin.fileno(), "rb", 0, closefd=False).readline()))
        case _:
            sys.exit(__doc__)


def _end_quietly_when_told() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


if __name__ == "__main__":
    main(sys.argv[1:])
