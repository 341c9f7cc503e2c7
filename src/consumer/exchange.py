"""
One request to the items service and its reply, through an adapter of requests, within a bound on all of it.

An adapter is the part of requests that sends. What a Session does before and after it (settings merged, cookies,
hooks, redirects, a request prepared from parts that are prepared already) is most of the CPU time of a call, and
nothing of it is wanted between two services. Measured (requests 2.34, urllib3 2.8, Python 3.11): 1,070 us for
requests.get, 670 for a kept Session that does not trust the environment, 350 for an adapter alone, 255 for this one.
It reads no environment: no proxy, no .netrc, no scan of the variables that Kubernetes sets for every service.
"""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Timeout

from consumer.bounded import BoundedPool, BoundedTlsPool
from consumer.call import Call, Ending, Reply, UpstreamFailed

CONNECTION_AGE = 30.0  # seconds: a connection is to one pod; without an end, a pod that was added would never be asked
ACCEPTS = "application/json, application/problem+json"


class Exchange:
    """Sends calls to one URL. May be used from many threads: each has an adapter, and so a connection, of its own."""

    def __init__(self, url: str, *, largest: int) -> None:
        self._url = url
        self._largest = largest
        self._mine = threading.local()

    def send(self, call: Call, *, within: float, connect: float) -> Reply:
        """
        Ask once and give the whole reply; raises UpstreamFailed.

        `within` bounds all of it in seconds, `connect` the connection. The look-up of the name is bounded by
        the resolver instead (dnsConfig in the manifest).
        """
        if within <= 0:
            raise UpstreamFailed(Ending.UNREACHABLE, "no time was left to ask items")
        request = self._request(call)
        # The same bound holds for the connection and then for a body that nobody takes: half, so that both fit.
        timeout = Timeout(connect=min(connect, within / 2), total=within)
        adapter = self._adapter()
        try:
            # requests documents a urllib3 Timeout here; its type stubs do not.
            response = adapter.send(request, stream=True, timeout=timeout)  # type: ignore[arg-type]
            return Reply(response.status_code, _lower(response), self._body(response))
        except (requests.RequestException, Urllib3Error) as error:
            raise _translated(error) from error

    def hang_up(self) -> None:
        """Close this thread's connection. Behind a Service, the next one may lead to another pod."""
        mine: _OneHost | None = getattr(self._mine, "adapter", None)
        if mine is not None:
            mine.close()
            self._mine.adapter = None

    def _request(self, call: Call) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = call.method
        request.url = self._url + call.path + (f"?{urlencode(call.query)}" if call.query else "")
        headers = {
            "User-Agent": "consumer",
            "Accept": ACCEPTS,
            "Accept-Encoding": "identity",
            "X-Request-Id": call.request_id,
        }
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        if call.body is not None:
            headers["Content-Length"] = str(len(call.body))
        request.headers = headers  # type: ignore[assignment]  # any mapping does; ours has no two spellings of a name
        request.body = call.body
        return request

    def _body(self, response: requests.Response) -> bytes:
        """Read to the end. A body beyond all size is left there, with its connection."""
        chunks, size = [], 0
        while chunk := response.raw.read1(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest:
                response.raw.close()
                raise UpstreamFailed(
                    Ending.TOO_LARGE, f"items answered more than {self._largest} bytes; a smaller limit may help"
                )
        return b"".join(chunks)

    def _adapter(self) -> "_OneHost":
        mine: _OneHost | None = getattr(self._mine, "adapter", None)
        if mine is None or time.monotonic() > mine.good_until:
            self.hang_up()
            mine = self._mine.adapter = _OneHost(self._url)
        return mine


class _OneHost(HTTPAdapter):
    """An adapter that knows its only host, and leaves out of each call what it found out in the first."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        parts = urlsplit(url)
        self._before_path = len(f"{parts.scheme}://{parts.netloc}")
        self._pool: Any = None
        self.good_until = time.monotonic() + CONNECTION_AGE * random.uniform(0.75, 1.25)

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": BoundedPool, "https": BoundedTlsPool}

    def get_connection_with_tls_context(self, *arguments: Any, **more: Any) -> Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*arguments, **more)
        return self._pool

    def request_url(self, request: requests.PreparedRequest, _proxies: Any) -> str:
        assert request.url is not None  # for the type checker: Exchange sets it
        return request.url[self._before_path :]

    def build_response(self, _request: requests.PreparedRequest, raw: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw, response.headers = raw.status, raw, raw.headers
        return response


def _lower(response: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it wraps, in whichever of their ways requests and urllib3 do it."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _chain(inner)


def _translated(error: Exception) -> UpstreamFailed:
    chain = list(_chain(error))

    def wraps(*kinds: type[BaseException]) -> bool:
        return any(isinstance(inner, kinds) for inner in chain)

    if wraps(requests.ConnectTimeout) or (wraps(MaxRetryError) and wraps(NewConnectionError)):
        return UpstreamFailed(Ending.UNREACHABLE, "items cannot be reached")
    if wraps(requests.ReadTimeout, ReadTimeoutError, TimeoutError):
        return UpstreamFailed(Ending.LATE, "items did not answer in time")
    if wraps(http.client.HTTPException) and not wraps(http.client.RemoteDisconnected, http.client.IncompleteRead):
        return UpstreamFailed(Ending.GARBLED, "items answered what is not HTTP")
    return UpstreamFailed(Ending.BROKEN, "the connection to items broke before it answered")
