"""
The commands of the probe; each takes one argument, which is JSON.

    idle                                                            wait to be stopped (a place to exec into)
    listen  PORT                                                    accept and close TCP connections
    connect '[{"host":…,"port":…,"timeout":…},…]'                   try a TCP connection to each
    resolve '["name",…]'                                            look up each name
    visit   '[{"address":…,"port":…,"host":…,"asked":…,"path":…},…]'    GET path, Host: asked
    journey '{"steps":[…],"saved":{…}}'                             walk the steps in order
    traffic '{"method":…,"url":…,"body":…,"rate":…,"seconds":…}'    until a line or the end of standard input
    ask     '{"targets":[{"method":…,"url":…,"body":…,"headers":{…},…},…],"rate":…,"seconds":…}'    the same
    greet   '{"targets":[{"host":…,"port":…,"timeout":…,…},…],"rate":…,"seconds":…}'     the same
"""

import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .attempts import connect_all, journey, listen, resolve_all, visit_all
from .open_loop import ask, greet, traffic

COMMANDS: dict[str, Callable[[Any], None]] = {
    "ask": ask,
    "connect": connect_all,
    "greet": greet,
    "journey": journey,
    "listen": listen,
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
        case [command, argument] if command in COMMANDS:
            _end_quietly_when_told()
            COMMANDS[command](json.loads(argument))
        case _:
            sys.exit(__doc__)


def _end_quietly_when_told() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


if __name__ == "__main__":
    main(sys.argv[1:])
