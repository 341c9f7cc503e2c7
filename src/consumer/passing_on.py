"""A reply of the items service, turned into a response of ours."""

import re
from urllib.parse import urlsplit

from bottle import HTTPResponse

from consumer.call import Reply, may_stand_in_a_header
from serving.problem import problem, unavailable

RETRY_AFTER = 1  # seconds, when items does not say

_JSON = frozenset({"application/json", "application/problem+json"})
_KEPT = {"Allow": "allow", "Retry-After": "retry-after", "Idempotency-Replayed": "idempotency-replayed"}


def passed_on(reply: Reply, upstream_url: str) -> HTTPResponse:
    """
    Give the reply as ours: body and status as they are, Location moved here, an upstream fault named.

    Whatever somebody on the way answered, ours is JSON: the label decides, the bytes are not read again.
    """
    if reply.status == 503:
        return unavailable("items is not available", retry_after=_seconds(reply.headers.get("retry-after")))
    if reply.status == 504 or (reply.status == 409 and reply.after_unsure):
        return problem(504, "items did not answer in time")
    if not (200 <= reply.status < 300 or 400 <= reply.status < 500):
        return problem(502, f"items answered {reply.status}")
    headers = _headers(reply, upstream_url)
    if reply.status == 204:
        return HTTPResponse(status=204, headers=headers)
    if _is_json(reply):
        headers["Content-Type"] = reply.headers["content-type"]
        return HTTPResponse(reply.body, reply.status, headers=headers)
    if reply.status >= 400:
        return problem(reply.status, "items refused it", headers)
    return problem(502, f"items answered {reply.status} without JSON")


def _is_json(reply: Reply) -> bool:
    media_type = reply.headers.get("content-type", "")
    label = media_type.split(";", 1)[0].strip().lower()
    # We ask for no encoding: an answer that is compressed all the same is not one that our caller can read.
    encoded = reply.headers.get("content-encoding", "identity") != "identity"
    return bool(reply.body) and label in _JSON and not encoded and may_stand_in_a_header(media_type)


def _headers(reply: Reply, upstream_url: str) -> dict[str, str]:
    kept = {ours: reply.headers[theirs] for ours, theirs in _KEPT.items() if theirs in reply.headers}
    location = _moved_here(reply.headers.get("location", ""), upstream_url)
    if location:
        kept["Location"] = location
    return {name: value for name, value in kept.items() if may_stand_in_a_header(value)}


def _moved_here(location: str, upstream_url: str) -> str:
    """Give the path of a Location of the items service, without the host and prefix that only we see."""
    try:
        return urlsplit(location).path.removeprefix(urlsplit(upstream_url).path)
    except ValueError:  # no URL at all: the client has the id in the body
        return ""


def _seconds(given: str | None) -> int:
    return int(given) if given is not None and re.fullmatch(r"[0-9]{1,9}", given) else RETRY_AFTER
