"""The HTTP interface of the items service."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias

from bottle import Bottle, HTTPResponse, request, response

from items.errors import KeyInProgress, KeyReused, NotStorable, StoreTooSlow, StoreUnavailable
from items.measures import add_measures
from items.store import Store
from serving.body import read_json_object
from serving.bulkhead import PERMITS, Bulkhead
from serving.checker import Check
from serving.health import add_health
from serving.idempotency import idempotency_key
from serving.instance import Instance
from serving.metrics import add_metrics
from serving.middleware import WsgiApp, observed
from serving.openapi import add_openapi
from serving.problem import problem, speak_problems, unavailable

MAX_NAME = 255  # characters, as the column
MAX_ID = 2**31 - 1  # as SERIAL
PAGE, MAX_PAGE = 50, 100
RETRY_AFTER = 1  # seconds
JSON = "application/json"

Answer: TypeAlias = bytes | HTTPResponse


def make_app(store: Store, instance: Instance, checks: Mapping[str, Check], *, grace: float = 0.0) -> WsgiApp:
    """Build the WSGI app around its collaborators; opens nothing itself. `grace`: see serving.health."""

    def listing() -> Answer:
        limit = _number("limit", default=PAGE, least=1, most=MAX_PAGE)
        return _json(store.page(after=_number("after", default=0, least=0, most=MAX_ID), limit=limit))

    def create() -> Answer:
        key = idempotency_key()
        name, description = _fields(read_json_object())
        added = store.add(name, description) if key is None else store.add_once(key, name, description)
        replayed = {"Idempotency-Replayed": "true"} if added.replayed else {}
        headers = {"Content-Type": JSON, "Location": f"/items/{added.id}", **replayed}
        return HTTPResponse(added.item, 201, headers=headers)

    def show(item_id: str) -> Answer:
        return _or_404(store.find(_id(item_id)), item_id)

    def change(item_id: str) -> Answer:
        return _or_404(store.change(_id(item_id), *_fields(read_json_object())), item_id)

    def remove(item_id: str) -> Answer:
        return HTTPResponse(status=204) if store.remove(_id(item_id)) else _no_item(item_id)

    app = Bottle()
    speak_problems(app)
    app.install(store_errors_are_problems)
    app.route("/items", "GET", listing)
    app.route("/items", "POST", create)
    app.route("/items/<item_id>", "GET", show)
    app.route("/items/<item_id>", "PUT", change)
    app.route("/items/<item_id>", "DELETE", remove)
    app.route("/summary", "GET", lambda: _json(store.summary()))
    add_health(app, instance.lifecycle, checks, version=instance.version, pod=instance.pod, grace=grace)
    add_measures(instance.metrics, store.counts)
    add_metrics(app, instance.metrics)
    add_openapi(app, "items")
    return observed(Bulkhead(PERMITS, instance.metrics).around(app), pod=instance.pod, metrics=instance.metrics)


def store_errors_are_problems(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler: what the store cannot do becomes the status that says whose fault it is."""

    @wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except StoreUnavailable as error:
            return unavailable(str(error), retry_after=RETRY_AFTER)
        except StoreTooSlow as error:
            return problem(504, str(error))
        except KeyInProgress as error:
            return problem(409, str(error), {"Retry-After": str(RETRY_AFTER)})
        except (KeyReused, NotStorable) as error:
            return problem(422, str(error))

    return answer


def _json(body: bytes) -> bytes:
    """Answer JSON that the database has rendered."""
    response.content_type = JSON
    return body


def _or_404(item: bytes | None, item_id: str) -> Answer:
    return _no_item(item_id) if item is None else _json(item)


def _no_item(item_id: str) -> HTTPResponse:
    return problem(404, f"no item {item_id[:40]}")


def _id(given: str) -> int:
    """Give an id that the column can hold; anything else names no item."""
    if re.fullmatch(r"[0-9]{1,10}", given) and 1 <= int(given) <= MAX_ID:
        return int(given)
    raise _no_item(given)


def _number(name: str, *, default: int, least: int, most: int) -> int:
    given = request.query.get(name, "")
    if given == "":
        return default
    if re.fullmatch(r"[0-9]{1,10}", given) and least <= int(given) <= most:
        return int(given)
    raise problem(400, f"{name} must be a number from {least} to {most}")


def _fields(body: Mapping[str, Any]) -> tuple[str, str | None]:
    """Give name and description; other members are ignored, so that what was read can be sent back."""
    name, description = body.get("name"), body.get("description")
    if not (isinstance(name, str) and name.strip() and len(name) <= MAX_NAME):
        raise problem(422, f"name must be a string of 1 to {MAX_NAME} characters, not blank")
    if not (description is None or isinstance(description, str)):
        raise problem(422, "description must be a string or null")
    for field, value in (("name", name), ("description", description or "")):
        if not _is_text(value):
            raise problem(422, f"{field} must not hold NUL or half a surrogate pair")
    return name, description


def _is_text(value: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, and nothing that UTF-8 cannot say."""
    return re.search("[\x00\ud800-\udfff]", value) is None
