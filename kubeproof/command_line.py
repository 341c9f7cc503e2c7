"""What the command lines have in common: help with the exit statuses, and no exit status that means something else."""

import argparse
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

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
    """Run a command to its exit status, that of Ctrl-C included; a reader that leaves early, such as head, ends it."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        return main(arguments)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
