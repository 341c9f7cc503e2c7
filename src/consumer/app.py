"""The HTTP interface of the consumer: the items resource, answered by the items service."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from bottle import Bottle, HTTPResponse, request

from consumer.upstream import Call, Reply, Upstream, UpstreamLate, UpstreamUnavailable
from serving.body import read_body
from serving.health import add_health
from serving.lifecycle import Lifecycle
from serving.middleware import REQUEST_ID, WsgiApp, observed
from serving.problem import problem, speak_problems, unavailable

RETRY_AFTER = 1  # seconds


def make_app(upstream: Upstream, lifecycle: Lifecycle, *, pod: str) -> WsgiApp:
    """Build the WSGI app around its collaborators; opens nothing itself."""

    def collection() -> HTTPResponse:
        query = tuple((name, request.query.get(name)) for name in ("limit", "after") if name in request.query)
        return _passed_on(upstream.ask(_call("GET", "/items", query)), upstream.url)

    def create() -> HTTPResponse:
        return _passed_on(upstream.ask(_call("POST", "/items")), upstream.url)

    def one(item_id: str) -> HTTPResponse:
        # A HEAD comes here too: asked as GET, so that the length it reports is the true one.
        method = "GET" if request.method == "HEAD" else request.method
        reply = upstream.ask(_call(method, f"/items/{quote(item_id, safe='', errors='replace')}"))
        if method == "DELETE" and reply.status == 404 and reply.after_unsure:
            return HTTPResponse(status=204)  # the attempt that broke off had deleted it
        return _passed_on(reply, upstream.url)

    app = Bottle()
    speak_problems(app)
    app.install(upstream_errors_are_problems)
    app.route("/items", "GET", collection)
    app.route("/items", "POST", create)
    app.route("/items/<item_id>", ["GET", "PUT", "DELETE"], one)
    # Ready whatever items does: taking this pod away as well would help nobody.
    add_health(app, lifecycle, {})
    return observed(app, pod=pod)


def upstream_errors_are_problems(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler: an items service that cannot answer becomes 503 with Retry-After, a late one 504."""

    @wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except UpstreamLate as error:
            return problem(504, str(error))
        except UpstreamUnavailable as error:
            return unavailable(str(error), retry_after=RETRY_AFTER)

    return answer


def _call(method: str, path: str, query: tuple[tuple[str, str], ...] = ()) -> Call:
    has_body = method in ("POST", "PUT")
    return Call(
        method,
        path,
        request_id=request.environ[REQUEST_ID],
        query=query,
        body=read_body() if has_body else None,
        content_type=request.environ.get("CONTENT_TYPE") if has_body else None,
    )


def _passed_on(reply: Reply, upstream_url: str) -> HTTPResponse:
    """Give the reply as ours: body and status as they are, Location moved here, an upstream fault named."""
    if reply.status == 503:
        return unavailable("items is not available", retry_after=_seconds(reply.headers.get("retry-after")))
    if reply.status == 504:
        return problem(504, "items did not answer in time")
    if not (200 <= reply.status < 300 or 400 <= reply.status < 500):
        return problem(502, f"items answered {reply.status}")
    headers = {}
    for ours, theirs in (("Content-Type", "content-type"), ("Allow", "allow"), ("Retry-After", "retry-after")):
        if theirs in reply.headers:
            headers[ours] = reply.headers[theirs]
    if "location" in reply.headers:
        headers["Location"] = _moved_here(reply.headers["location"], upstream_url)
    return HTTPResponse(reply.body, reply.status, headers=headers)


def _moved_here(location: str, upstream_url: str) -> str:
    """Give the path of a Location of the items service, without the host and prefix that only we see."""
    return urlsplit(location).path.removeprefix(urlsplit(upstream_url).path)


def _seconds(given: str | None) -> int:
    return int(given) if given is not None and given.isascii() and given.isdigit() else RETRY_AFTER
