"""The autoscaler under load: Locust in a pod, every decision watched, and how old the metrics are all the while."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import urllib3
from kubernetes.client.exceptions import ApiException

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe.agent_pods import OFFERS_LOAD
from kubeproof.observe.api_errors import words
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.waiting import NotInTime, wait_until
from kubeproof.profile.intent import Scale

LOAD = "kubeproof-load"
METRICS = ("metrics.k8s.io", "v1beta1")
SILENCE = 60  # seconds without a line after which the log is taken for lost; it says one a second
STARTED = 60.0  # seconds from the running pod to its first answered request: Locust is slow to load on a busy machine
ASKED = 5.0  # seconds between two looks at the metrics; they are made anew every 10 to 60
# Seconds until an autoscaler that was just made has read a metric: it passes over what pods use as they start.
DECIDED = 120.0
LOCUST = ["python3", "-m", "locust", "-f", "/opt/kubeproof/probe/locustfile.py", "--headless"]


def observe_scaling(on: Deployed, of: str, name: str) -> None:
    """Offer the profile's load until the target is reached and Ready, or its time is over."""
    goal = promised(on.profile.scale(name), f"scale of {name}")
    met, message = _metrics_api(on)
    on.recorder.line(of, "need", need="metrics-api", met=met, says=message)
    if not met:
        return
    if on.system.autoscaler_of(name) is None:
        return  # nothing would follow the load; the manifests are the evidence
    with suppress(NotInTime):  # then what it says is the evidence
        wait_until(
            lambda: _rests(on, goal), within=DECIDED, hoping=f"the autoscaler of {name} rests", wake=on.watches.changed
        )
    with _metrics_kept(on, of, goal), _load_offered(on, of, goal) as ended:
        on.mark(of, "load started", at=name)
        with suppress(NotInTime):
            wait_until(
                # A load generator that ended is not waited for: nothing more would come.
                lambda: ended.is_set() or _reached(on, goal),
                within=goal.within,
                hoping=f"{name} has {goal.target} ready replicas",
                wake=on.watches.changed,
            )
        on.mark(of, "load ended", at=name)


def _rests(on: Deployed, goal: Scale) -> bool:
    """Whether the autoscaler has read the metric, and wants no more replicas because of it."""
    autoscaler = promised(on.system.autoscaler_of(goal.workload), f"autoscaler of {goal.workload}")
    with on.watches.changed:
        seen = on.watches.now["autoscaler"].get(autoscaler.name, {})
    value, target = seen.get(goal.metric), autoscaler.percent(goal.metric)
    return value is not None and target is not None and value <= target and bool(seen["desired"])


def _reached(on: Deployed, goal: Scale) -> bool:
    with on.watches.changed:
        seen = on.watches.now["workload"].get(goal.workload, {})
        now = on.watches.now["autoscaler"].values()
        wanted = [line["desired"] or 0 for line in now if line["target"] == goal.workload]
        pods = [pod for pod in on.watches.pods_of(goal.workload) if pod["ready"]]
        return min(max(wanted, default=0), seen.get("ready") or 0, len(pods)) >= goal.target


@contextmanager
def _load_offered(on: Deployed, of: str, goal: Scale) -> Iterator[threading.Event]:
    """
    Have the profile's load offered for as long as the block lasts, from the first answered request.

    Lends an event that is set when the generator ended, or its log was lost.
    """
    load = goal.load
    users = ["--users", str(load.users), "--spawn-rate", str(load.users)]
    command = [*LOCUST, "--host", on.url(load.service, ""), *users, "--run-time", f"{int(goal.within + 2 * STARTED)}s"]
    on.start_pod(LOAD, command, env={"KUBEPROOF_PATH": load.path, "KUBEPROOF_JSON": "1"}, share=OFFERS_LOAD)
    answered, ended = threading.Event(), threading.Event()
    threading.Thread(target=_keep_load, args=(on, of, load.users, answered, ended), daemon=True).start()
    try:
        wait_until(
            lambda: answered.is_set() or ended.is_set(),
            within=STARTED,
            hoping=f"all {load.users} users of the load ask, and are answered",
        )
        yield ended
    finally:
        on.cluster.core.delete_namespaced_pod(LOAD, on.namespace, grace_period_seconds=0)
        ended.wait(15)


def _keep_load(on: Deployed, of: str, users: int, answered: threading.Event, ended: threading.Event) -> None:
    """Follow the load pod's log; each JSON line of kind `load` becomes evidence as it comes."""
    log = type(on.cluster.core)(on.cluster.own_client())
    try:
        answer: Any = log.read_namespaced_pod_log(
            LOAD, on.namespace, follow=True, _preload_content=False, _request_timeout=(5, SILENCE)
        )
        for raw in answer:
            if raw.startswith(b"{"):
                fields = json.loads(raw)
                on.recorder.line(of, fields.pop("kind"), **fields)
                if fields["users"] == users and fields["requests"] > fields["failures"]:
                    answered.set()
    except NotWritten:
        pass  # whoever observes meets the same, and says it
    except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError, LookupError) as error:
        on.recorder.line(of, "gap", says=f"load log: {error}")
    finally:
        ended.set()


@contextmanager
def _metrics_kept(on: Deployed, of: str, goal: Scale) -> Iterator[None]:
    """Write down how old the metrics of the workload's pods are, every few seconds for as long as the block lasts."""
    stopping = threading.Event()
    asking = threading.Thread(target=_keep_metrics, args=(on, of, goal.workload, stopping), daemon=True)
    asking.start()
    try:
        yield
    finally:
        stopping.set()
        asking.join(15)


def _keep_metrics(on: Deployed, of: str, name: str, stopping: threading.Event) -> None:
    metrics = type(on.cluster.custom)(on.cluster.own_client())
    ahead: float | None = None
    while not stopping.is_set():
        fields: dict[str, Any] = {"pods": [], "oldest": None, "error": None}
        try:
            if ahead is None:
                _, ahead = on.cluster.skew()
            found = metrics.list_namespaced_custom_object(*METRICS, on.namespace, "pods")
            fields |= _ages(found["items"], {pod["name"] for pod in on.watches.pods_of(name)}, time.time() + ahead)
        except ApiException as error:
            fields["error"] = f"{error.status} {words(error)}"
        except (urllib3.exceptions.HTTPError, OSError) as error:
            fields["error"] = repr(error)
        # What comes after the block is not of the observation any more.
        if not stopping.is_set():
            with suppress(NotWritten):
                on.recorder.line(of, "metrics", workload=name, **fields)
        stopping.wait(ASKED)


def _ages(found: list[Any], names: set[str], now: float) -> dict[str, Any]:
    """Of which of these pods there is a sample, and how old the oldest is at most; `now` on the API server's clock."""
    samples = {one["metadata"]["name"]: datetime.fromisoformat(one["timestamp"]).timestamp() for one in found}
    there = sorted(names & samples.keys())
    return {"pods": there, "oldest": round(now - min(samples[name] for name in there), 1) if there else None}


def _metrics_api(on: Deployed) -> tuple[bool, str]:
    """Ask for this namespace's pod metrics until some are served: the probe, not the name of the cluster."""
    said = [""]

    def served() -> bool:
        try:
            found = on.cluster.custom.list_namespaced_custom_object(*METRICS, on.namespace, "pods")
        except ApiException as error:
            said[0] = f"the metrics API answers {error.status} {error.reason}"
            return False
        said[0] = f"{len(found['items'])} pods have metrics"
        return bool(found["items"])

    try:
        wait_until(served, within=60, hoping="the metrics API serves this namespace")
    except NotInTime:
        return False, said[0]
    return True, said[0]
