"""The HTTP interface of the consumer: the items resource and a summary of it, answered by the items service."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from bottle import Bottle, HTTPResponse, request

from consumer.call import Call, Ending, UpstreamFailed, may_stand_in_a_header
from consumer.passing_on import passed_on
from consumer.upstream import Upstream
from serving.body import read_body
from serving.bulkhead import PERMITS, Bulkhead
from serving.health import add_health
from serving.idempotency import idempotency_key
from serving.instance import Instance
from serving.metrics import add_metrics
from serving.middleware import REQUEST_ID, WsgiApp, observed
from serving.openapi import add_openapi
from serving.problem import problem, speak_problems, unavailable


def make_app(upstream: Upstream, instance: Instance) -> WsgiApp:
    """Build the WSGI app around its collaborators; opens nothing itself. One pair of an instance and an app."""

    def collection() -> HTTPResponse:
        query = tuple((name, request.query.get(name)) for name in ("limit", "after") if name in request.query)
        return passed_on(upstream.ask(_call("GET", "/items", query=query)), upstream.url)

    def create() -> HTTPResponse:
        # With a key, a POST may be tried again: without one of the caller's it gets one of ours.
        key = idempotency_key() or uuid4().hex
        return passed_on(upstream.ask(_with_body("POST", "/items", key=key)), upstream.url)

    def read(item_id: str) -> HTTPResponse:
        # A HEAD comes here too: asked as GET, so that the length it reports is the true one.
        return passed_on(upstream.ask(_call("GET", _place(item_id))), upstream.url)

    def change(item_id: str) -> HTTPResponse:
        return passed_on(upstream.ask(_with_body("PUT", _place(item_id))), upstream.url)

    def remove(item_id: str) -> HTTPResponse:
        reply = upstream.ask(_call("DELETE", _place(item_id)))
        if reply.status == 404 and reply.after_unsure:
            return HTTPResponse(status=204)  # the attempt that broke off had deleted it
        return passed_on(reply, upstream.url)

    def summary() -> HTTPResponse | dict[str, Any]:
        reply = upstream.ask(_call("GET", "/summary"))
        answer = passed_on(reply, upstream.url)
        if answer.status_code >= 500:
            return answer
        told = _object(reply.body) if answer.status_code == 200 else None
        if told is None:
            return problem(502, f"items answered {reply.status} without a summary")
        return {**told, "source": reply.headers.get("x-pod")}

    app = Bottle()
    speak_problems(app)
    app.install(upstream_errors_are_problems)
    app.route("/items", "GET", collection)
    app.route("/items", "POST", create)
    app.route("/items/<item_id>", "GET", read)
    app.route("/items/<item_id>", "PUT", change)
    app.route("/items/<item_id>", "DELETE", remove)
    app.route("/summary", "GET", summary)
    add_openapi(app, "consumer")
    add_metrics(app, instance.metrics)
    # Ready whatever items does: taking this pod away as well would help nobody.
    shown = {"items": upstream.breaker.shown}
    add_health(app, instance.lifecycle, {}, version=instance.version, pod=instance.pod, shown=shown)
    guarded = Bulkhead(PERMITS, instance.metrics).around(app)
    return observed(guarded, pod=instance.pod, metrics=instance.metrics)


def upstream_errors_are_problems(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler: 504 when items was late, 502 when it spoke nonsense, 503 with Retry-After when it is gone."""

    @wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except UpstreamFailed as failed:
            if failed.ending is Ending.LATE:
                return problem(504, str(failed))
            if failed.ending in (Ending.GARBLED, Ending.TOO_LARGE):
                return problem(502, str(failed))
            return unavailable(str(failed), retry_after=failed.retry_after)

    return answer


def _place(item_id: str) -> str:
    return f"/items/{quote(item_id, safe='', errors='replace')}"


def _call(method: str, path: str, *, query: tuple[tuple[str, str], ...] = ()) -> Call:
    return Call(method, path, request_id=request.environ[REQUEST_ID], query=query)


def _with_body(method: str, path: str, *, key: str | None = None) -> Call:
    media_type = request.environ.get("CONTENT_TYPE", "")
    return Call(
        method,
        path,
        request_id=request.environ[REQUEST_ID],
        body=read_body(),
        # What no header may hold is not sent; items then says that the type is missing.
        content_type=media_type if may_stand_in_a_header(media_type) else None,
        idempotency_key=key,
    )


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
