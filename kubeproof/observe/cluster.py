"""The cluster under test, seen through the Kubernetes API: connect, namespaces, exec."""

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from time import time
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.dynamic import DynamicClient
from kubernetes.stream import stream

from kubeproof.interruption import look
from kubeproof.observe.api_errors import silence, words
from kubeproof.observe.applying import RUN_LABEL, Document, Owner, apply, apply_again
from kubeproof.observe.waiting import wait_until

OWNER_ANNOTATION = "kubeproof.dev/owner"
# Seconds to connect, and to wait for the next bytes of an answer: longer than the 30 s that an admission webhook may
# take (timeoutSeconds), for what is asked again after that is there already.
ANSWERS = (5.0, 35.0)
HURRIED = (0.5, 1.0)  # the same for somebody who pressed Ctrl-C, and without a retry
RETRIES = 1  # of a request whose connection broke: one that was kept open may have been closed meanwhile

# The client keeps what it discovers in a file that anybody may write, by the address of the API server: an embedded
# cluster of yesterday may have had the same. A path below /dev/null cannot be written, which disables that cache.
NOT_KEPT = f"{os.devnull}/nothing"


class CannotStart(Exception):
    """The run cannot start: one sentence for the person who started it (exit status 3)."""


class Cluster:
    """
    One cluster by kubeconfig and context. Every call that must not share a connection asks for its own client.

    The APIs are Any: the generated client says that every field of an answer may be missing, also those that the API
    server always fills, and that bodies are its models only, though it takes them as JSON.
    """

    def __init__(self, kubeconfig: Path, context: str | None) -> None:
        self._kubeconfig, self._context = str(kubeconfig), context
        self._api = self.own_client()
        self.core: Any = client.CoreV1Api(self._api)

    # The client builds the classes of an API, with all its models, when it is first asked for: up to a second each.

    @cached_property
    def apps(self) -> Any:
        return client.AppsV1Api(self._api)

    @cached_property
    def batch(self) -> Any:
        return client.BatchV1Api(self._api)

    @cached_property
    def discovery(self) -> Any:
        return client.DiscoveryV1Api(self._api)

    @cached_property
    def networking(self) -> Any:
        return client.NetworkingV1Api(self._api)

    @cached_property
    def custom(self) -> Any:
        return client.CustomObjectsApi(self._api)

    def own_client(self) -> client.ApiClient:
        settings = client.Configuration()
        settings.retries = RETRIES
        config.load_kube_config(self._kubeconfig, self._context, client_configuration=settings)
        return _Bounded(settings, ANSWERS)

    @cached_property
    def _resources(self) -> Any:
        try:
            return DynamicClient(self._api, cache_file=NOT_KEPT).resources
        except ValueError as error:
            # What the client makes of a server that does not answer, when its address is not https.
            if isinstance(error.__context__, urllib3.exceptions.HTTPError):
                raise error.__context__ from None
            raise

    def version(self) -> str:
        return str(client.VersionApi(self._api).get_code().git_version)

    def skew(self) -> tuple[float, float]:
        """Bounds of (API server's clock - ours) in seconds, from the Date header of one answer (1 s resolution)."""
        before = time()
        *_, headers = client.VersionApi(self._api).get_code_with_http_info()
        there = parsedate_to_datetime(headers["Date"]).timestamp()
        return round(there - time(), 3), round(there + 1 - before, 3)

    def create_namespace(self, name: str, run: str, labels: dict[str, str] | None = None) -> Owner:
        """Make a namespace that carries the run's name; raises CannotStart where that is not allowed."""
        process = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"
        metadata = {
            "name": name,
            "labels": {**(labels or {}), RUN_LABEL: run},
            "annotations": {OWNER_ANNOTATION: process},
        }
        try:
            made = self.core.create_namespace({"metadata": metadata})
        except ApiException as error:
            if error.status != 403:
                raise
            raise CannotStart(
                f"a run needs a namespace of its own, and may not create {name}: {words(error)}"
            ) from error
        return Owner(run, name, made.metadata.uid)

    def hurry(self) -> None:
        """Have `core` wait for no answer for long from here on: somebody pressed Ctrl-C, and waits for us."""
        settings = copy(self._api.configuration)
        settings.retries = 0
        self.core = client.CoreV1Api(_Bounded(settings, HURRIED))

    def ask_to_delete_namespace(self, name: str) -> bool:
        """Have a namespace deleted; whether there is one. Its pods get no grace: nothing that they finish is needed."""
        try:
            self.core.delete_namespace(name)
            # In this order: a namespace that is going lets no controller make new pods.
            self.core.delete_collection_namespaced_pod(name, grace_period_seconds=0)
        except ApiException as error:
            if error.status != 404:
                raise
            return False
        return True

    def delete_namespace(self, name: str, *, within: float = 120) -> None:
        """Delete a namespace and return once it is gone."""
        self.ask_to_delete_namespace(name)
        wait_until(lambda: not self.has_namespace(name), within=within, hoping=f"namespace {name} is gone")

    def has_namespace(self, name: str) -> bool:
        try:
            self.core.read_namespace(name)
        except ApiException as error:
            if error.status == 404:
                return False
            raise
        return True

    def abandoned_namespaces(self) -> list[str]:
        """Namespaces of runs that were killed: ours by label, their process on this host gone."""
        found = self.core.list_namespace(label_selector=RUN_LABEL).items
        return [namespace.metadata.name for namespace in found if _abandoned(namespace.metadata)]

    def apply(self, documents: Iterable[Document], owner: Owner) -> tuple[str, ...]:
        """Create every object of rendered manifests; see `applying.apply`."""
        return apply(self._resources, documents, owner)

    def apply_again(self, documents: Iterable[Document]) -> None:
        """Bring objects to what is declared now; see `applying.apply_again`."""
        apply_again(self._resources, documents)

    def execute(
        self, namespace: str, pod: str, container: str, command: list[str], plan: Any, *, within: float = 60
    ) -> list[Any]:
        """Run a command in a container, give it a plan; its JSON lines. Raises ExecFailed with what it said instead."""
        with self.streaming(namespace, pod, container, command) as running:
            running.write_stdin(json.dumps(plan) + "\n")
            running.run_forever(timeout=within)
            said = running.read_stderr() if running.peek_stderr() else ""
            lines = running.read_stdout() if running.peek_stdout() else ""
            code = None if running.is_open() else running.returncode
        if code != 0:
            raise ExecFailed(f"exec in {pod}/{container}: exit {code}: {said.strip()[-300:]}")
        return [json.loads(line) for line in lines.splitlines() if line]

    @contextmanager
    def streaming(self, namespace: str, pod: str, container: str, command: list[str]) -> Iterator[Any]:
        """An exec whose output is read while it runs (a kubernetes WSClient), closed at the end."""
        # The stream call replaces its client's transport: a shared client would lose its other requests.
        api = client.CoreV1Api(self.own_client())
        try:
            running = stream(
                api.connect_get_namespaced_pod_exec,
                pod,
                namespace,
                container=container,
                command=command,
                stdin=True,
                stdout=True,
                stderr=True,
                _preload_content=False,
            )
        except ApiException as error:
            # The client catches Ctrl-C too, and calls it a failed request.
            if isinstance(error.__context__, KeyboardInterrupt):
                raise error.__context__ from None
            raise ExecFailed(f"exec in {pod}/{container}: {words(error)}") from error
        try:
            yield running
        finally:
            running.close()


class ExecFailed(Exception):
    """A command could not be run in a container, or did not end well: nothing was observed."""


class _Bounded(client.ApiClient):
    """A client that waits for no answer without end; a call that may take longer says so itself."""

    def __init__(self, settings: client.Configuration, answers: tuple[float, float]) -> None:
        super().__init__(settings)
        self._answers = answers

    def call_api(self, *request: Any, **more: Any) -> Any:
        look()
        more["_request_timeout"] = more.get("_request_timeout") or self._answers
        return super().call_api(*request, **more)


def connect(kubeconfig: Path, context: str | None) -> Cluster:
    """Connect and ask for the version; raises CannotStart with one sentence."""
    if not kubeconfig.is_file():
        raise CannotStart(f"kubeconfig {kubeconfig} is not a file")
    try:
        cluster = Cluster(kubeconfig, context)
        # The version is public on most clusters; the namespaces are asked for because the run needs them.
        cluster.version()
        cluster.core.list_namespace(limit=1)
    except yaml.YAMLError as error:
        raise CannotStart(f"kubeconfig {kubeconfig} is not YAML: {error}") from error
    except ConfigException as error:
        wanted = f"context {context!r}" if context else "the current context"
        raise CannotStart(f"kubeconfig {kubeconfig}: {wanted} cannot be used: {error}") from error
    except ApiException as error:
        raise CannotStart(f"the cluster of {kubeconfig} answered {error.status}: {words(error)}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise CannotStart(f"the cluster of {kubeconfig} does not answer: {silence(error)}") from error
    return cluster


def _started(pid: int) -> str:
    """Start time of a process in clock ticks: with the pid, a name that is not used again until the next boot."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def _abandoned(metadata: Any) -> bool:
    host, _, process = (metadata.annotations or {}).get(OWNER_ANNOTATION, "").partition("/")
    if host != socket.gethostname():
        # Another machine's run may be alive; no run lasts two hours.
        return bool((datetime.now(UTC) - metadata.creation_timestamp).total_seconds() > 7200)
    pid, _, started = process.partition("/")
    try:
        return bool(_started(int(pid)) != started)
    except (OSError, ValueError):
        return True
