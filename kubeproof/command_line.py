"""What the command lines have in common: help with the exit statuses, and no exit status that means something else."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from kubeproof.interruption import interruptible, listening
from kubeproof.verdict import Exit

STATUSES = "exit status:\n" + "\n".join(f"  {status:<4} {status.meaning}" for status in Exit)


class Parser(argparse.ArgumentParser):
    """A parser whose help ends with the exit statuses, and that ends with NOT_DONE on what it does not understand."""

    def __init__(self, **more: Any) -> None:
        more = {"epilog": STATUSES, "formatter_class": argparse.RawDescriptionHelpFormatter, **more}
        super().__init__(**more)

    def error(self, message: str) -> NoReturn:
        # argparse's own 2 would say that something cannot be judged.
        self.print_usage(sys.stderr)
        self.exit(Exit.NOT_DONE, f"{self.prog}: {message}\n")


def ended(main: Callable[[list[str]], int], arguments: list[str]) -> int:
    """Run a command to its exit status, that of Ctrl-C included."""
    try:
        with interruptible():
            return main(arguments)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def as_program(main: Callable[[list[str]], int]) -> NoReturn:
    """Be this command until the end of the process; a reader that leaves early, such as head, ends it too."""
    with listening():
        left(lambda: ended(main, sys.argv[1:]))


def left(main: Callable[[], int]) -> NoReturn:
    """
    Run a command and leave the process with its status, at once.

    Threads may still be reading from a cluster that does not answer. The interpreter is not taken down around them: all
    that is to last is written, and closed.
    """
    try:
        status = main()
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # Nobody is told any more. The signal's own default would kill the process as well at a write to any connection
        # that is gone.
        status = 128 + signal.SIGPIPE
    os._exit(status)
