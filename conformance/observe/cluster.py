"""The cluster under test, seen through the Kubernetes API: connect, namespaces, apply, exec."""

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time
from typing import Any

import urllib3
from kubernetes import client, config, utils
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from kubernetes.stream import stream

from conformance.observe.waiting import wait_until

RUN_LABEL = "kubeproof.dev/run"
OWNER_ANNOTATION = "kubeproof.dev/owner"


class CannotStart(Exception):
    """The run cannot start: one sentence for the person who started it (exit status 3)."""


class ApplyFailed(Exception):
    """The API server refused an object of the manifests."""


class Cluster:
    """One cluster by kubeconfig and context. Every call that must not share a connection asks for its own client."""

    def __init__(self, kubeconfig: Path, context: str | None) -> None:
        self._kubeconfig, self._context = str(kubeconfig), context
        api = self.own_client()
        self.core = client.CoreV1Api(api)
        self.apps = client.AppsV1Api(api)
        self.batch = client.BatchV1Api(api)
        self.custom = client.CustomObjectsApi(api)
        self._api = api

    def own_client(self) -> client.ApiClient:
        return config.new_client_from_config(self._kubeconfig, self._context)

    def version(self) -> str:
        return str(client.VersionApi(self._api).get_code().git_version)

    def skew(self) -> tuple[float, float]:
        """Bounds of (API server's clock - ours) in seconds, from the Date header of one answer (1 s resolution)."""
        before = time()
        *_, headers = client.VersionApi(self._api).get_code_with_http_info()
        there = parsedate_to_datetime(headers["Date"]).timestamp()
        return round(there - time(), 3), round(there + 1 - before, 3)

    def create_namespace(self, name: str, run: str, labels: dict[str, str] | None = None) -> None:
        owner = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"
        metadata = {
            "name": name,
            "labels": {RUN_LABEL: run, **(labels or {})},
            "annotations": {OWNER_ANNOTATION: owner},
        }
        self.core.create_namespace({"metadata": metadata})

    def delete_namespace(self, name: str, *, within: float = 120) -> None:
        """Delete a namespace and return once it is gone. Its pods are not waited for: nobody needs their goodbye."""
        try:
            self.core.delete_namespace(name)
            # In this order: a namespace that is going lets no controller make new pods.
            self.core.delete_collection_namespaced_pod(name, grace_period_seconds=0)
        except ApiException as error:
            if error.status != 404:
                raise
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

    def apply(self, documents: Iterable[dict[str, Any]]) -> None:
        """Create every object of rendered manifests; raises ApplyFailed with the server's words."""
        for document in documents:
            what = f"{document['kind']}/{document['metadata']['name']}"
            try:
                self._create(document)
            except utils.FailToCreateError as error:
                says = "; ".join(_words(each) for each in error.api_exceptions)
                raise ApplyFailed(f"{what}: {says}") from error
            except ApiException as error:
                raise ApplyFailed(f"{what}: {_words(error)}") from error
            except ResourceNotFoundError as error:
                kind = f"{document['apiVersion']} {document['kind']}"
                raise ApplyFailed(f"{what}: the cluster has no {kind}") from error

    def _create(self, document: dict[str, Any]) -> None:
        try:
            utils.create_from_dict(self._api, document)
        except AttributeError:
            # The client has no method for custom resources: the API server is asked how they are addressed.
            kind = DynamicClient(self._api).resources.get(api_version=document["apiVersion"], kind=document["kind"])
            kind.create(body=document, namespace=document["metadata"].get("namespace"))

    def execute(self, namespace: str, pod: str, container: str, command: list[str], *, within: float = 60) -> list[Any]:
        """Run an agent command in a container; its JSON lines. Raises ExecFailed with what was said instead."""
        with self.streaming(namespace, pod, container, command) as running:
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
            raise ExecFailed(f"exec in {pod}/{container}: {_words(error)}") from error
        try:
            yield running
        finally:
            running.close()


class ExecFailed(Exception):
    """A command could not be run in a container, or did not end well: nothing was observed."""


def connect(kubeconfig: Path, context: str | None) -> Cluster:
    """Connect and ask for the version; raises CannotStart with one sentence."""
    if not kubeconfig.is_file():
        raise CannotStart(f"kubeconfig {kubeconfig} is not a file")
    try:
        cluster = Cluster(kubeconfig, context)
        # The version is public on most clusters; the namespaces are asked for because the run needs them.
        cluster.version()
        cluster.core.list_namespace(limit=1)
    except ConfigException as error:
        wanted = f"context {context!r}" if context else "the current context"
        raise CannotStart(f"kubeconfig {kubeconfig}: {wanted} cannot be used: {error}") from error
    except ApiException as error:
        raise CannotStart(f"the cluster of {kubeconfig} answered {error.status}: {_words(error)}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise CannotStart(f"the cluster of {kubeconfig} does not answer: {error}") from error
    return cluster


def _words(error: ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)


def _started(pid: int) -> str:
    """Start time of a process in clock ticks: with the pid, a name that is not used again until the next boot."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]


def _abandoned(metadata: Any) -> bool:
    host, pid, started = ((metadata.annotations or {}).get(OWNER_ANNOTATION, "//")).split("/", 2)
    if host != socket.gethostname():
        # Another machine's run may be alive; no run lasts two hours.
        return bool((datetime.now(UTC) - metadata.creation_timestamp).total_seconds() > 7200)
    try:
        return _started(int(pid)) != started
    except (OSError, ValueError):
        return True
