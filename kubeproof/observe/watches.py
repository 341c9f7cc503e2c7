"""Watches of one namespace: what the objects are now, and each change as a line of the running observation."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import urllib3
from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.writing import Recorder
from kubeproof.observe import trimmed
from kubeproof.observe.api_errors import said
from kubeproof.observe.listings import Following, Hearer, Listing
from kubeproof.observe.trimmed import Trimmed
from kubeproof.observe.waiting import NotInTime, wait_until

CATCHING_UP = 5.0  # seconds; a change is told within some milliseconds of being made


class Watches:
    """
    Follow workloads, pods, endpoints, autoscalers and events of a namespace from the moment of construction.

    `listings` has one for each kind that is followed; `selectors` maps a workload's name to the labels of its pods.
    `now[kind][name]` is the last line of an object; `changed` is notified at each change. Changes are written only
    while an observation is being `recorded`; events and images that came before it are written at its beginning.
    """

    def __init__(
        self, listings: Mapping[str, Listing], selectors: Mapping[str, Mapping[str, str]], recorder: Recorder
    ) -> None:
        self.now: dict[str, dict[str, Trimmed]] = {
            kind: {} for kind in ("workload", "pod", "slice", "autoscaler", "endpoints")
        }
        self.changed = threading.Condition(threading.RLock())
        self._recorder, self._of = recorder, ""
        self._selectors = selectors
        self._stopping = threading.Event()
        self._missing = dict.fromkeys(listings, "was not listed yet")  # why a kind is not followed now
        self._unwritten: list[tuple[str, Trimmed]] = []  # events and images, until an observation begins
        self._events: dict[str, Trimmed] = {}
        self._images: set[tuple[str | None, str, str]] = set()
        self._followings = {
            kind: Following(listing, self._hearer(kind), self._stopping) for kind, listing in listings.items()
        }
        for following in self._followings.values():
            threading.Thread(target=following.follow, daemon=True).start()

    def _hearer(self, kind: str) -> Hearer:
        takers = {
            "pod": self._pod,
            "slice": self._slice,
            "autoscaler": self._autoscaler,
            "event": self._event,
        }
        return Hearer(
            take=takers.get(kind, self._workload),
            listed=partial(self._listed, kind),
            lost=partial(self._lost, kind),
            reached=partial(self._reached, kind),
        )

    @contextmanager
    def recorded(self, of: str) -> Iterator[None]:
        """
        Write what is now, then every change until the end, as lines of observation `of`.

        At its end each watch shows that it has seen all that is there, or a gap says what not; Ctrl-C waits for none.
        """
        self._begin(of)
        try:
            try:
                yield
            except Exception:
                self._catch_up(of)
                raise
            self._catch_up(of)
        finally:
            with self.changed:
                self._of = ""

    def stop(self) -> None:
        self._stopping.set()

    def pods_of(self, workload: str) -> list[Trimmed]:
        """Pods of a workload that are neither gone nor being deleted."""
        with self.changed:
            return [pod for pod in self.now["pod"].values() if pod["workload"] == workload and not pod["deleted"]]

    def _begin(self, of: str) -> None:
        with suppress(NotInTime):
            wait_until(lambda: not self._missing, within=CATCHING_UP, hoping="all kinds are listed", wake=self.changed)
        with self.changed:
            self._of = of
            for kind, why in self._missing.items():
                self._recorder.line(of, "gap", says=f"{kind}: {why}")
            for kind in ("workload", "pod", "endpoints", "autoscaler"):
                for line in self.now[kind].values():
                    self._recorder.line(of, kind, **line)
            for kind, line in self._unwritten:
                self._write_once(kind, line)
            self._unwritten.clear()

    def _catch_up(self, of: str) -> None:
        """Set a fresh list of each kind beside what its watch has seen, and wait for what it has not yet."""
        lists, failed = {}, ""
        for kind, following in self._followings.items():
            try:
                if not failed:
                    lists[kind] = following.listing.versions()
                    continue
            except ApiException as error:
                self._gap(of, kind, f"could not be listed at the end: {said(error)}")
                continue
            except urllib3.exceptions.HTTPError as error:
                failed = said(error)  # the others would wait for the same silence
            self._gap(of, kind, f"could not be listed at the end: {failed}")

        def unseen() -> dict[str, list[str]]:
            return {kind: self._followings[kind].unseen(*there) for kind, there in lists.items()}

        with suppress(NotInTime):
            wait_until(lambda: not any(unseen().values()), within=CATCHING_UP, hoping="all that is there was seen")
        for kind, names in unseen().items():
            if names:
                self._gap(of, kind, f"at the end {len(names)} of what is there was not seen, such as {names[0]}")
            else:
                self._recorder.line(of, "bookmark", watch=kind, version=lists[kind][1], caught=True)

    def _gap(self, of: str, kind: str, why: str) -> None:
        self._recorder.line(of, "gap", says=f"{kind}: {why}")

    def _listed(self, kind: str) -> None:
        with self.changed:
            self._missing.pop(kind, None)
            self.changed.notify_all()

    def _lost(self, kind: str, reason: str) -> None:
        with self.changed:
            self._missing[kind] = reason
            if self._of:
                self._gap(self._of, kind, reason)

    def _reached(self, kind: str, version: str) -> None:
        with self.changed:
            if self._of:
                self._recorder.line(self._of, "bookmark", watch=kind, version=version, caught=False)

    def _keep(self, kind: str, name: str, line: Trimmed) -> None:
        with self.changed:
            if self.now[kind].get(name) == line:
                return
            if line.get("gone"):
                self.now[kind].pop(name, None)
            else:
                self.now[kind][name] = line
            # The slices of a Service are written together, as its endpoints.
            if self._of and kind != "slice":
                self._recorder.line(self._of, kind, **line)
            self.changed.notify_all()

    def _write_once(self, kind: str, line: Trimmed) -> None:
        """Write what is said once, and not kept: now, or when the next observation begins."""
        if self._of:
            self._recorder.line("" if kind == "image" else self._of, kind, **line)
        else:
            self._unwritten.append((kind, line))

    def _pod(self, change: str, pod: Any) -> None:
        workload = self._owner(pod.metadata.labels or {})
        with self.changed:
            self._keep("pod", pod.metadata.uid, trimmed.pod_line(pod, workload, gone=change == "DELETED"))
            for container, image, digest in trimmed.images_of(pod) if workload else ():
                if (workload, container, digest) not in self._images:
                    self._images.add((workload, container, digest))
                    line = {"workload": workload, "container": container, "image": image, "digest": digest}
                    self._write_once("image", line)

    def _owner(self, labels: Mapping[str, str]) -> str | None:
        for workload, selector in self._selectors.items():
            if selector and selector.items() <= labels.items():
                return workload
        return None

    def _workload(self, change: str, found: Any) -> None:
        self._keep("workload", found.metadata.name, trimmed.workload_line(found, gone=change == "DELETED"))

    def _slice(self, change: str, found: Any) -> None:
        service = (found.metadata.labels or {}).get("kubernetes.io/service-name")
        if service is None:
            return
        with self.changed:
            self._keep("slice", found.metadata.name, trimmed.slice_line(found, service, gone=change == "DELETED"))
            self._keep("endpoints", service, trimmed.endpoints_line(service, self.now["slice"]))

    def _autoscaler(self, change: str, found: Any) -> None:
        self._keep("autoscaler", found.metadata.name, trimmed.autoscaler_line(found, gone=change == "DELETED"))

    def _event(self, change: str, event: Any) -> None:
        """Write an event, once for each time that it was said: a list after a gap tells the old ones again."""
        line = trimmed.event_line(event)
        with self.changed:
            if change != "DELETED" and self._events.get(event.metadata.uid) != line:
                self._events[event.metadata.uid] = line
                self._write_once("event", line)
