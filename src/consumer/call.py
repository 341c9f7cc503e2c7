"""What is asked of the items service, what it answers, and how an attempt can end."""

import re
from dataclasses import dataclass
from enum import Enum

_PRINTABLE = re.compile(r"[\x20-\x7e]+")


def may_stand_in_a_header(value: str) -> bool:
    """Tell whether a header may have this value, on its way to items or back: printable ASCII, and some of it."""
    return _PRINTABLE.fullmatch(value) is not None


@dataclass(frozen=True)
class Call:
    """What is asked of the items service; `path` is percent-encoded already, the header values can be sent."""

    method: str
    path: str
    request_id: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None
    idempotency_key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice is doing it once (RFC 9110, 9.2.2; a POST says so with its key)."""
        return self.method != "POST" or self.idempotency_key is not None


@dataclass(frozen=True)
class Reply:
    """
    What it answered; header names are in lower case.

    `after_unsure`: an earlier attempt broke off, and items may have carried it out.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    after_unsure: bool = False


class Ending(Enum):
    """How an attempt ended, as the metrics count it."""

    ANSWERED = "answered"  # any status below 500
    FAULT = "fault"  # 5xx
    UNREACHABLE = "unreachable"  # no connection was made, so nothing was asked
    BROKEN = "broken"  # the connection went away before the answer was whole
    LATE = "late"  # no whole answer within the attempt's time
    GARBLED = "garbled"  # an answer that is not HTTP
    TOO_LARGE = "too large"  # a whole answer, but more than we hold
    HELD_BACK = "held back"  # not attempted: the breaker is open


class UpstreamFailed(Exception):
    """The items service could not be made to answer; `retry_after`: seconds until asking again makes sense."""

    def __init__(self, ending: Ending, reason: str, *, retry_after: int = 1) -> None:
        super().__init__(reason)
        self.ending = ending
        self.retry_after = retry_after

    @property
    def unsure(self) -> bool:
        """Whether items may have carried out what it was asked."""
        return self.ending not in (Ending.UNREACHABLE, Ending.HELD_BACK, Ending.TOO_LARGE)
