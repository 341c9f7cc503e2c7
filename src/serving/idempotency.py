"""The header by which a client says that two POSTs are one, as both services read it."""

import re

from bottle import request

from serving.problem import problem

_VISIBLE_ASCII = re.compile(r"[!-~]{1,255}")


def idempotency_key() -> str | None:
    """Give the Idempotency-Key of the current request, None without one; raises a 400 problem."""
    key: str | None = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and _VISIBLE_ASCII.fullmatch(key) is None:
        raise problem(400, "Idempotency-Key must be 1 to 255 visible ASCII characters")
    return key
