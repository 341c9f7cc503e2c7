"""What the Kubernetes client raises is one sentence."""

import pytest
import urllib3
from kubernetes.client.exceptions import ApiException

from kubeproof.observe.api_errors import Refused, Silent, translated


def said(error, kind):
    with pytest.raises(kind) as caught, translated():
        raise error
    return str(caught.value)


def test_a_refusal_is_the_servers_own_sentence():
    error = ApiException(status=403, reason="Forbidden")
    error.body = '{"message": "pods is forbidden"}'
    assert said(error, Refused) == "the API server answered 403: pods is forbidden"


@pytest.mark.parametrize("body", [None, "", "<html>", "[]", "{}"])
def test_a_refusal_without_a_sentence_is_its_reason(body):
    error = ApiException(status=502, reason="Bad Gateway")
    error.body = body
    assert said(error, Refused) == "the API server answered 502: Bad Gateway"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (
            urllib3.exceptions.NewConnectionError(None, "Failed to establish: [Errno 111] Connection refused"),
            "[Errno 111] Connection refused",
        ),
        (
            urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")),
            "[Errno 104] reset by peer",
        ),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out. (read timeout=20)"), "(read timeout=20)"),
    ],
)
def test_silence_is_said_by_its_innermost_cause(cause, words):
    error = urllib3.exceptions.MaxRetryError(None, "/api", cause)
    text = said(error, Silent)
    assert text.startswith("the API server does not answer: ")
    assert text.endswith(words)
    assert "Max retries" not in text
