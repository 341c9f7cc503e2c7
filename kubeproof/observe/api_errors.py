"""What the Kubernetes client raises, as one sentence each: foreign errors are translated here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from kubernetes.client.exceptions import ApiException


class Refused(Exception):
    """The API server answered, and its answer was no."""


class Silent(Exception):
    """The API server did not answer."""


@contextmanager
def translated() -> Iterator[None]:
    """Within the block, what the client raises is Refused or Silent: its own texts are pages of headers."""
    try:
        yield
    except ApiException as error:
        raise Refused(f"the API server answered {error.status}: {words(error)}") from error
    except urllib3.exceptions.HTTPError as error:
        raise Silent(f"the API server does not answer: {silence(error)}") from error


def words(error: ApiException) -> str:
    """What the API server said of a request that it refused."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)


def silence(error: Exception) -> str:
    """Why there was no answer: the innermost cause, without what the layers above it say of it."""
    inner = getattr(error, "reason", None) or (error.args or (None,))[-1]
    if isinstance(inner, Exception):
        return silence(inner)
    return str(error).rpartition(": ")[2] or type(error).__name__


def said(error: Exception) -> str:
    """What went wrong with a request, in one sentence: what the API server said, or why it said nothing."""
    if isinstance(error, ApiException):
        return f"{error.status} {words(error)}"
    return silence(error) if isinstance(error, urllib3.exceptions.HTTPError) else repr(error)
