"""
Every object of one kind in a namespace, and each change of it, told in order: also over gaps.

How much of it was told can be asked at any time, by setting a fresh list beside it (`Following.unseen`).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe.api_errors import said
from kubeproof.observe.cluster import ANSWERS, Cluster

SOON, LATER = 0.2, 2.0  # seconds until an interrupted watch is taken up, and until it is tried again after that
# Seconds; the API server ends a watch then, and the next begins where it ended. Two seconds before it sends a bookmark
# (nextBookmarkTime in its cacher), but of events, which it does not keep in its cache.
WATCH = 10
SILENCE = WATCH + 3  # seconds without a byte after which a watch is taken for cut: its end should have come
BOOKMARK = "BOOKMARK"  # a change of nothing: all up to its version was told

_CALLS = {
    "pod": ("CoreV1Api", "list_namespaced_pod"),
    "deployment": ("AppsV1Api", "list_namespaced_deployment"),
    "stateful_set": ("AppsV1Api", "list_namespaced_stateful_set"),
    "daemon_set": ("AppsV1Api", "list_namespaced_daemon_set"),
    "slice": ("DiscoveryV1Api", "list_namespaced_endpoint_slice"),
    "autoscaler": ("AutoscalingV2Api", "list_namespaced_horizontal_pod_autoscaler"),
    "event": ("CoreV1Api", "list_namespaced_event"),
}
FOLLOWED = tuple(_CALLS)  # the kinds that are followed: each has bookmarks in every observation

# Of each uid the name and the version of its object.
Versions = Mapping[str, tuple[str, str]]


class Listing(Protocol):
    """
    What is followed: all that is there, and what changes from a version on.

    `stays` when objects are kept long after they were made, and a list that comes late has all the same.
    """

    stays: bool

    def everything(self) -> tuple[list[Any], str]:
        """The objects, and the version that they are of."""

    def versions(self) -> tuple[Versions, str]:
        """The same without what the objects say."""

    def changes(self, version: str) -> Iterator[tuple[str, Any]]:
        """
        What changes after a version: (ADDED, MODIFIED or DELETED, the object), or (BOOKMARK, a version).

        Ends when the API server ended it as it was asked to, or raises.
        """


class ApiListing:
    """A listing as a call of the Kubernetes client gives it."""

    def __init__(self, call: Callable[..., Any], namespace: str, *, stays: bool = False) -> None:
        self.stays = stays
        self._call, self._namespace = call, namespace

    def everything(self) -> tuple[list[Any], str]:
        answer = self._call(self._namespace)
        return list(answer.items), str(answer.metadata.resource_version)

    def versions(self) -> tuple[Versions, str]:
        # The client's models are not wanted: making them takes a millisecond each. Without them it raises nothing.
        answer = self._call(self._namespace, _preload_content=False)
        if answer.status != HTTPStatus.OK:
            raise ApiException(status=answer.status, reason=answer.reason)
        found = json.loads(answer.data)
        metadata = [item["metadata"] for item in found["items"]]
        versions = {one["uid"]: (one["name"], one["resourceVersion"]) for one in metadata}
        return versions, found["metadata"]["resourceVersion"]

    def changes(self, version: str) -> Iterator[tuple[str, Any]]:
        changes = watch.Watch().stream(
            self._call,
            self._namespace,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH,
            _request_timeout=(ANSWERS[0], SILENCE),
        )
        for change in changes:
            if change is None:  # what the client makes of a line that it cannot read
                raise ValueError("a line of the watch is no JSON")
            bookmark = change["type"] == BOOKMARK
            yield change["type"], change["raw_object"]["metadata"]["resourceVersion"] if bookmark else change["object"]


def listings(cluster: Cluster, namespace: str) -> Mapping[str, Listing]:
    """What of a namespace is followed, by its kind."""
    # A client each: a watch keeps its connection for itself.
    calls = {kind: getattr(getattr(client, api)(cluster.own_client()), call) for kind, (api, call) in _CALLS.items()}
    # An API server keeps events for an hour.
    return {kind: ApiListing(call, namespace, stays=kind == "event") for kind, call in calls.items()}


@dataclass(frozen=True)
class Hearer:
    """
    Who is told, by the thread that follows.

    `take` each change with its object, `listed` that nothing is missing (again), `lost` why nothing was seen for a
    while, and `reached` a version up to which all was told.
    """

    take: Callable[[str, Any], None]
    listed: Callable[[], None]
    lost: Callable[[str], None]
    reached: Callable[[str], None]


class Following:
    """
    A listing that is followed, by a thread that runs `follow`, until `stopping`.

    After a gap everything is listed again. What was known and is not in the list has gone meanwhile: it is told as
    DELETED, as it was last seen, before what the list holds.
    """

    def __init__(self, listing: Listing, hearer: Hearer, stopping: threading.Event) -> None:
        self.listing = listing
        self._hearer, self._stopping = hearer, stopping
        self._known: dict[str, Any] = {}
        self._version = ""  # up to which all was told; empty while something is missing
        self._lock = threading.Lock()

    def follow(self) -> None:
        """Tell what is there and each change; returns when it is stopped, or when evidence cannot be written."""
        pause = SOON
        while not self._stopping.is_set():
            try:
                if not self._version:
                    self._list_again()
                    pause = SOON
                self._watch_once()
            except NotWritten:
                return  # whoever observes meets the same, and says it
            except Exception as error:  # noqa: BLE001  the transport's own errors are many; each is a gap, and told
                with self._lock:
                    self._version = ""
                if self.listing.stays and isinstance(error, ApiException) and error.status == HTTPStatus.GONE:
                    continue  # without bookmarks its version grows too old in a quiet time
                with suppress(NotWritten):
                    self._hearer.lost(said(error))
                if self._stopping.wait(pause):
                    return
                pause = LATER

    def unseen(self, there: Versions, version: str) -> list[str]:
        """
        Names of what a list of that version has otherwise than it was told; empty when all of it was told.

        Versions of one kind are compared as numbers: that they may be is promised since Kubernetes 1.35 (KEP-5504),
        and was so before.
        """
        with self._lock:
            told, known = self._version, {uid: _seen(thing) for uid, thing in self._known.items()}
        if told and _at_least(told, version):
            return []
        nothing = ("", "0")
        late = [name for uid, (name, now) in there.items() if not _at_least(known.get(uid, nothing)[1], now)]
        # What is newer than the list was made after it.
        left = [known[uid][0] for uid in known.keys() - there.keys() if _at_least(version, known[uid][1])]
        return sorted({*late, *left})

    def _watch_once(self) -> None:
        began = time.monotonic()
        for change, seen in self.listing.changes(self._version):
            if change == BOOKMARK:
                self._remember(seen)
                self._hearer.reached(seen)
            else:
                self._tell(change, seen)
        self._hearer.reached(self._version)
        if time.monotonic() - began < 1:
            self._stopping.wait(SOON)  # a server that ends watches at once is not asked without pause

    def _list_again(self) -> None:
        items, version = self.listing.everything()
        there = {item.metadata.uid for item in items}
        for uid in self._known.keys() - there:
            self._hearer.take("DELETED", self._known[uid])
            with self._lock:
                del self._known[uid]
        for item in items:
            self._hearer.take("ADDED", item)
            with self._lock:
                self._known[item.metadata.uid] = item
        self._remember(version)
        self._hearer.listed()

    def _tell(self, change: str, seen: Any) -> None:
        self._hearer.take(change, seen)
        with self._lock:
            if change == "DELETED":
                self._known.pop(seen.metadata.uid, None)
            else:
                self._known[seen.metadata.uid] = seen
            self._version = str(seen.metadata.resource_version)

    def _remember(self, version: str) -> None:
        with self._lock:
            self._version = version


def _seen(thing: Any) -> tuple[str, str]:
    return thing.metadata.name, str(thing.metadata.resource_version)


def _at_least(version: str, other: str) -> bool:
    if version.isdecimal() and other.isdecimal():
        return int(version) >= int(other)
    return version == other
