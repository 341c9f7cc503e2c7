"""The items service as seen from here: bounded attempts, within one deadline, never a blind repeat of a POST."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import backoff
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

TRANSIENT = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """Bounds of one call, in seconds where they are times."""

    connect: float = 1.0
    read: float = 2.0
    total: float = 6.0
    attempts: int = 3
    first_pause: float = 0.1
    longest_pause: float = 1.0


@dataclass(frozen=True)
class Call:
    """What is asked of the items service."""

    method: str
    path: str
    request_id: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Reply:
    """What it answered. `after_unsure`: an earlier attempt broke off and may have been carried out."""

    status: int
    headers: dict[str, str]
    body: bytes
    after_unsure: bool = False


class UpstreamUnavailable(Exception):
    """No answer could be had: no connection, or it broke."""


class UpstreamLate(UpstreamUnavailable):
    """No answer came within the time allowed."""


class _Again(Exception):
    """An attempt that may be followed by another: `reply` or `error` is what to say if it is the last."""

    def __init__(self, *, reply: Reply | None = None, error: UpstreamUnavailable | None = None) -> None:
        super().__init__()
        self.reply = reply
        self.error = error


class Upstream:
    """Calls the items service at a URL. May be used from many threads: each has a session of its own."""

    def __init__(self, url: str, patience: Patience = Patience()) -> None:
        self.url = url
        self._patience = patience
        self._mine = threading.local()

    def ask(self, call: Call) -> Reply:
        """Give the answer of the items service; raises UpstreamUnavailable or UpstreamLate."""
        deadline = time.monotonic() + self._patience.total
        unsure = False

        def attempt() -> Reply:
            nonlocal unsure
            try:
                return self._attempt(call, deadline)
            except _Again as again:
                unsure = unsure or _may_have_happened(again)
                raise

        try:
            reply = self._repeated(attempt, deadline)()
        except _Again as last:
            if last.reply is None:
                raise last.error or UpstreamUnavailable("items did not answer") from last
            reply = last.reply
        return replace(reply, after_unsure=unsure)

    def _repeated(self, attempt: Callable[[], Reply], deadline: float) -> Callable[[], Reply]:
        def pause(longest: float) -> float:
            # Full jitter: pods that failed together must not come back together. Never past the deadline.
            return min(float(backoff.full_jitter(longest)), max(0.0, deadline - time.monotonic()))

        decorate = backoff.on_exception(
            backoff.expo,
            _Again,
            max_tries=self._patience.attempts,
            factor=self._patience.first_pause,
            max_value=self._patience.longest_pause,
            jitter=pause,
            # Its own max_time is read before an attempt and overshoots by a whole one.
            giveup=lambda _error: time.monotonic() >= deadline,
        )
        repeated: Callable[[], Reply] = decorate(attempt)
        return repeated

    def _attempt(self, call: Call, deadline: float) -> Reply:
        """Ask once. Raises _Again when another attempt is allowed, else what is final."""
        try:
            reply = self._send(call, deadline)
        except (requests.RequestException, Urllib3Error, UpstreamLate) as error:
            said = _translated(error)
            if _never_connected(error) or call.method != "POST":
                raise _Again(error=said) from error
            raise said from error
        if reply.status in TRANSIENT and call.method != "POST":
            raise _Again(reply=reply)
        return reply

    def _send(self, call: Call, deadline: float) -> Reply:
        left = deadline - time.monotonic()
        if left <= 0:
            raise UpstreamLate("items did not answer in time")
        headers = {"X-Request-Id": call.request_id, "Accept": "application/json, application/problem+json"}
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        with self._session().request(
            call.method,
            self.url + call.path,
            params=list(call.query),
            data=call.body,
            headers=headers,
            timeout=(min(self._patience.connect, left), min(self._patience.read, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read(response, deadline)
            return Reply(response.status_code, dict(response.headers.lower_items()), body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = requests.Session()
            session.trust_env = False  # no proxy and no .netrc between two services of one cluster
            session.headers["User-Agent"] = "consumer"
            session.headers["Accept-Encoding"] = "identity"
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
        return session


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read the whole body; requests' time-out is per read, so an answer in drops would never be late."""
    chunks = []
    while chunk := response.raw.read1(65536):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            raise UpstreamLate("items answered too slowly")
    return b"".join(chunks)


def _may_have_happened(again: _Again) -> bool:
    return again.error is not None and not _never_connected(again.__cause__)


def _never_connected(error: BaseException | None) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason: Any = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    return isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)


def _translated(error: Exception) -> UpstreamUnavailable:
    if isinstance(error, UpstreamUnavailable):
        return error
    if isinstance(error, requests.ReadTimeout | ReadTimeoutError):
        return UpstreamLate("items did not answer in time")
    if _never_connected(error):
        return UpstreamUnavailable("items cannot be reached")
    return UpstreamUnavailable("the connection to items broke before it answered")
