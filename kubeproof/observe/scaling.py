"""The autoscaler under load: Locust in a pod, every decision watched."""

import json
import threading
from contextlib import suppress
from typing import Any

import urllib3
from kubernetes.client.exceptions import ApiException

from kubeproof.observe.agent_pods import OFFERS_LOAD
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.waiting import NotInTime, wait_until

LOAD = "kubeproof-load"
SILENCE = 60  # seconds without a line after which the log is taken for lost; it says one a second
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
    load = goal.load
    command = [
        *LOCUST,
        "--host",
        on.url(load.service, ""),
        "--users",
        str(load.users),
        "--spawn-rate",
        str(load.users),
        "--run-time",
        f"{int(goal.within) + 30}s",
    ]
    on.start_pod(LOAD, command, env={"KUBEPROOF_PATH": load.path, "KUBEPROOF_JSON": "1"}, share=OFFERS_LOAD)
    on.mark(of, "load started", at=name)
    done = threading.Event()
    reading = threading.Thread(target=_keep_load, args=(on, of, done), daemon=True)
    reading.start()
    with suppress(NotInTime):
        wait_until(
            # A load generator that ended is not waited for: nothing more would come.
            lambda: done.is_set() or _reached(on, name, goal.target),
            within=goal.within,
            hoping=f"{name} has {goal.target} ready replicas",
            wake=on.watches.changed,
        )
    on.cluster.core.delete_namespaced_pod(LOAD, on.namespace, grace_period_seconds=0)
    done.wait(15)
    on.mark(of, "load ended", at=name)


def _reached(on: Deployed, name: str, target: int) -> bool:
    with on.watches.changed:
        seen = on.watches.now["workload"].get(name, {})
        wanted = [line["desired"] or 0 for line in on.watches.now["autoscaler"].values() if line["target"] == name]
        return (seen.get("ready") or 0) >= target and max(wanted, default=0) >= target


def _keep_load(on: Deployed, of: str, done: threading.Event) -> None:
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
    except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        on.recorder.line(of, "gap", says=f"load log: {error}")
    finally:
        done.set()


def _metrics_api(on: Deployed) -> tuple[bool, str]:
    """Ask for this namespace's pod metrics until some are served: the probe, not the name of the cluster."""
    said = [""]

    def served() -> bool:
        try:
            found = on.cluster.custom.list_namespaced_custom_object("metrics.k8s.io", "v1beta1", on.namespace, "pods")
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
