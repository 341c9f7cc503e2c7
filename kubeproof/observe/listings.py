"""Every object of one kind in a namespace, and each change of it, told in order: also over gaps."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe.api_errors import words
from kubeproof.observe.cluster import Cluster

SOON, LATER = 0.2, 2.0  # seconds until an interrupted watch is taken up, and until it is tried again after that
LONGEST_WATCH = 600  # seconds; the API server ends it then, and the next begins where it ended

# (ADDED, MODIFIED or DELETED, the object): as the API server says it
Take = Callable[[str, Any], None]


class Listing(Protocol):
    """What `follow` asks: all that is there, and what changes from a version on."""

    name: str

    def everything(self) -> tuple[list[Any], str]:
        """The objects, and the version that they are of."""

    def changes(self, version: str) -> Iterator[tuple[str, Any]]:
        """What changes after a version; ends, or raises, after some time."""


class ApiListing:
    """A listing as a call of the Kubernetes client gives it."""

    def __init__(self, call: Callable[..., Any], namespace: str) -> None:
        self.name = call.__name__
        self._call, self._namespace = call, namespace

    def everything(self) -> tuple[list[Any], str]:
        answer = self._call(self._namespace)
        return list(answer.items), str(answer.metadata.resource_version)

    def changes(self, version: str) -> Iterator[tuple[str, Any]]:
        changes = watch.Watch().stream(
            self._call,
            self._namespace,
            resource_version=version,
            timeout_seconds=LONGEST_WATCH,
            _request_timeout=LONGEST_WATCH + 30,
        )
        for change in changes:
            yield change["type"], change["object"]


def listings(cluster: Cluster, namespace: str) -> Mapping[str, Listing]:
    """What of a namespace is followed, by the kind of line that is made of it."""
    calls = {
        "pod": (client.CoreV1Api, "list_namespaced_pod"),
        "deployment": (client.AppsV1Api, "list_namespaced_deployment"),
        "stateful_set": (client.AppsV1Api, "list_namespaced_stateful_set"),
        "slice": (client.DiscoveryV1Api, "list_namespaced_endpoint_slice"),
        "autoscaler": (client.AutoscalingV2Api, "list_namespaced_horizontal_pod_autoscaler"),
        "event": (client.CoreV1Api, "list_namespaced_event"),
    }
    # A client each: a watch keeps its connection for itself.
    return {
        kind: ApiListing(getattr(api(cluster.own_client()), call), namespace) for kind, (api, call) in calls.items()
    }


def follow(listing: Listing, take: Take, lost: Callable[[str], None], stopping: threading.Event) -> None:
    """
    Tell `take` what is there and each change, until `stopping`; tell `lost` why nothing was seen for a while.

    After such a gap everything is listed again. What was known and is not in the list has gone meanwhile: it is told
    as DELETED, as it was last seen, before what the list holds.
    """
    known: dict[str, Any] = {}
    version, pause = "", SOON
    while not stopping.is_set():
        try:
            if not version:
                version = _list_again(listing, take, known)
                pause = SOON
            for change, seen in listing.changes(version):
                take(change, seen)
                version = _remember(known, change, seen)
        except NotWritten:
            return  # whoever observes meets the same, and says it
        except Exception as error:  # noqa: BLE001  the transport's own errors are many; each is a gap, and told
            version = ""
            if stopping.wait(pause):
                return
            pause = LATER
            reason = f"{error.status} {words(error)}" if isinstance(error, ApiException) else repr(error)
            with suppress(NotWritten):
                lost(f"{listing.name}: {reason}")


def _list_again(listing: Listing, take: Take, known: dict[str, Any]) -> str:
    items, version = listing.everything()
    there = {item.metadata.uid for item in items}
    for uid in known.keys() - there:
        take("DELETED", known.pop(uid))
    for item in items:
        take("ADDED", item)
        _remember(known, "ADDED", item)
    return version


def _remember(known: dict[str, Any], change: str, seen: Any) -> str:
    if change == "DELETED":
        known.pop(seen.metadata.uid, None)
    else:
        known[seen.metadata.uid] = seen
    return str(seen.metadata.resource_version)
