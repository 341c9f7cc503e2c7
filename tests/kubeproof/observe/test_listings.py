"""A listing at a server that behaves as an API server does, and as one whose connection is cut."""

import json
import time
from contextlib import contextmanager

import pytest
import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from kubeproof.observe import listings
from kubeproof.observe.api_errors import said
from kubeproof.observe.listings import BOOKMARK, ApiListing
from tests.helpers.loopback import QuietHandler, serving

POD = {"kind": "Pod", "metadata": {"name": "a", "uid": "u", "resourceVersion": "4"}}
LIST = {"kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": [POD]}
BOOKMARKED = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}}


def chunk(text):
    return f"{len(text):x}\r\n{text}\r\n".encode()


@contextmanager
def pods_at(*, watched=b"", then="end", status=200):
    """A listing of pods; a watch is answered with these bytes, and then ends, is cut, or says nothing more."""
    asked = []

    class Handler(QuietHandler):
        def do_GET(self):
            asked.append(self.path)
            if status != 200:
                self.answer(status, json.dumps({"message": "pods is forbidden"}).encode())
            elif "watch=" not in self.path:
                self.answer(200, json.dumps(LIST).encode())
            else:
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(watched)
                self.wfile.flush()
                if then == "end":
                    self.wfile.write(b"0\r\n\r\n")
                elif then == "silence":
                    time.sleep(1.0)
                self.close_connection = True

    with serving(Handler) as port:
        settings = client.Configuration()
        settings.host, settings.retries = f"http://127.0.0.1:{port}", 0
        yield ApiListing(client.CoreV1Api(client.ApiClient(settings)).list_namespaced_pod, "market"), asked


def test_a_list_of_versions_alone_and_the_watch_from_there():
    event = chunk(json.dumps({"type": "MODIFIED", "object": POD}) + "\n" + json.dumps(BOOKMARKED) + "\n")
    with pods_at(watched=event) as (pods, asked):
        assert pods.versions() == ({"u": ("a", "4")}, "9")
        (change, pod), bookmark = pods.changes("9")
    assert (change, pod.metadata.name, bookmark) == ("MODIFIED", "a", (BOOKMARK, "9"))
    assert "resourceVersion=9" in asked[1]
    assert "allowWatchBookmarks=true" in asked[1].replace("True", "true")
    assert f"timeoutSeconds={listings.WATCH}" in asked[1]


def test_a_list_that_is_refused_says_so():
    with pods_at(status=403) as (pods, _), pytest.raises(ApiException, match="403"):
        pods.versions()


def test_a_connection_that_is_half_open_is_noticed(monkeypatch):
    monkeypatch.setattr(listings, "SILENCE", 0.2)
    began = time.monotonic()
    with pods_at(watched=chunk(json.dumps(BOOKMARKED) + "\n"), then="silence") as (pods, _):
        changes = pods.changes("9")
        assert next(changes) == (BOOKMARK, "9")
        with pytest.raises(urllib3.exceptions.HTTPError) as cut:
            next(changes)
        assert time.monotonic() - began < 0.9
    assert said(cut.value) == "Read timed out."


def test_a_watch_that_is_cut_in_the_middle_is_no_end_as_asked():
    with pods_at(watched=b"50\r\n{half", then="cut") as (pods, _), pytest.raises(urllib3.exceptions.HTTPError):
        list(pods.changes("9"))


def test_a_watch_without_its_last_chunk_is_no_end_as_asked():
    event = chunk(json.dumps(BOOKMARKED) + "\n")
    with pods_at(watched=event, then="cut") as (pods, _), pytest.raises(urllib3.exceptions.HTTPError):
        list(pods.changes("9"))
