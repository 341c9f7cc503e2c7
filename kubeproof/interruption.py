"""
Ctrl-C, written down: whatever becomes of the exception, the press is not lost.

Python raises KeyboardInterrupt wherever the main thread happens to be. In a finalizer, or in a callback of C code, it
is printed and forgotten; some libraries take it for a failed request. So a handler of ours notes the press, and raises
only where a program says that it may:

    with listening(last_words), interruptible():   # a press leaves this block, also out of a read that blocks
        ...                                        # what waits says look(), for what has swallowed the exception
        with shielded():                           # what is to be cleared away all the same, each wait with a bound
            ...

A clock ticks within the block. At each tick Python looks at its signals, also when one came just before a call that
blocks, and what has swallowed the exception gets it once more; in the end it is the block that raises it. No such block
is entered after a press. A second press ends the process at once, with the last words and status 130.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

TICK = 0.2  # seconds
ONE_PRESS = 1.0  # seconds: two signals that come closer are one press, told by the terminal and by whoever started us
STATUS = 128 + signal.SIGINT


class _Note:
    """What is known of a press; `blocks` counts those around the main thread that it may leave."""

    def __init__(self) -> None:
        self.listens = False
        self.pressed_at: float | None = None  # monotonic seconds
        self.blocks = 0

    @property
    def may_raise(self) -> bool:
        return self.pressed_at is not None and self.blocks > 0

    def wind(self) -> None:
        """Let the clock tick where a press may be raised, and nowhere else."""
        if self.listens:
            every = TICK if self.blocks else 0.0
            signal.setitimer(signal.ITIMER_REAL, every, every)


_note = _Note()


def pressed() -> bool:
    """Tell whether Ctrl-C was pressed since the program listens."""
    return _note.pressed_at is not None


def look() -> None:
    """Raise KeyboardInterrupt in an interruptible block of the main thread after a press: for every wait and ask."""
    if _note.may_raise and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


class interruptible:
    """A block that a press leaves, as KeyboardInterrupt, whatever else the code in it made of the exception."""

    def __enter__(self) -> None:
        if pressed():
            raise KeyboardInterrupt
        _note.blocks += 1
        _note.wind()
        if pressed():  # meanwhile
            self.__exit__(None, None, None)

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, *__: TracebackType | None) -> None:
        _note.blocks -= 1
        _note.wind()
        if pressed() and not isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt from error


class shielded:
    """A block that a first press does not break, inside of one that it leaves: the note is looked at again after it."""

    def __enter__(self) -> None:
        self._blocks, _note.blocks = _note.blocks, 0
        _note.wind()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _note.blocks = self._blocks
        _note.wind()
        if kind is None:
            look()


@contextmanager
def listening(last_words: Callable[[], object] = lambda: None) -> Iterator[None]:
    """
    Take SIGINT and SIGALRM for as long as this lasts; for the main thread, around everything else.

    `last_words` says what a second press leaves behind.
    """

    def on_press(_number: int, frame: FrameType | None) -> None:
        if _note.pressed_at is None:
            _note.pressed_at = time.monotonic()
            _raise_in(frame)
        elif time.monotonic() > _note.pressed_at + ONE_PRESS:
            try:
                last_words()
            finally:
                os._exit(STATUS)

    def on_alarm(_number: int, frame: FrameType | None) -> None:
        _raise_in(frame)

    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGALRM)]
    unraisable = sys.unraisablehook
    signal.signal(signal.SIGINT, on_press)
    signal.signal(signal.SIGALRM, on_alarm)
    sys.unraisablehook = _quiet(unraisable)
    _note.listens = True
    try:
        yield
    finally:
        _note.blocks = 0
        _note.wind()
        _note.listens, _note.pressed_at = False, None
        sys.unraisablehook = unraisable
        for number, handler in before:
            signal.signal(number, handler)


def _raise_in(frame: FrameType | None) -> None:
    """Raise where it may be raised; not in the lines of this module, which are about to look at the note themselves."""
    if _note.may_raise and not (frame and frame.f_code.co_filename == __file__):
        raise KeyboardInterrupt


def _quiet(otherwise: Callable[[Any], object]) -> Callable[[Any], object]:
    """Have nothing said of a KeyboardInterrupt that a finalizer swallowed: it is raised again."""

    def said(unraisable: Any) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            otherwise(unraisable)

    return said
