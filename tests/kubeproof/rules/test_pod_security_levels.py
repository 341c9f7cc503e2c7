"""
The level of a pod and the field that keeps it from the next, check by check.

Beside these the levels were compared with the fixtures of k8s.io/pod-security-admission v0.36.3 for v1.35: 148 pods,
all alike.
"""

from copy import deepcopy

import pytest

from kubeproof.manifests.workload_reading import read_workload
from kubeproof.rules.pod_security_levels import Breach, level_of

RESTRICTED = {
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "initContainers": [
            {
                "name": "first",
                "image": "i:1",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
        "containers": [
            {
                "name": "main",
                "image": "i:1",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


def changed(path, value):
    """The pod with one field set; `containers` in a path is the first container."""
    pod = deepcopy(RESTRICTED)
    *way, last = path.split(".")
    target = pod
    for part in way:
        target = target.setdefault(part, {}) if isinstance(target, dict) else target[int(part)]
    target[last] = value
    return read_workload(pod, "x")


def test_a_pod_that_says_all_that_is_asked_is_restricted():
    assert level_of(read_workload(RESTRICTED, "x")) == ("restricted", ())


OWN = "spec.containers.0.securityContext"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("spec.hostNetwork", True, "spec.hostNetwork"),
        ("spec.hostPID", True, "spec.hostPID"),
        ("spec.hostIPC", True, "spec.hostIPC"),
        ("spec.volumes", [{"name": "host", "hostPath": {"path": "/"}}], "spec.volumes[0].hostPath"),
        ("spec.containers.0.ports", [{"containerPort": 1, "hostPort": 1}], "spec.containers[0].ports[0].hostPort"),
        (f"{OWN}.privileged", True, "spec.containers[0].securityContext.privileged"),
        (
            f"{OWN}.capabilities",
            {"drop": ["ALL"], "add": ["SYS_ADMIN"]},
            "spec.containers[0].securityContext.capabilities.add",
        ),
        (f"{OWN}.procMount", "Unmasked", "spec.containers[0].securityContext.procMount"),
        (f"{OWN}.seccompProfile", {"type": "Unconfined"}, "spec.containers[0].securityContext.seccompProfile.type"),
        (f"{OWN}.appArmorProfile", {"type": "Unconfined"}, "spec.containers[0].securityContext.appArmorProfile.type"),
        (f"{OWN}.seLinuxOptions", {"type": "spc_t"}, "spec.containers[0].securityContext.seLinuxOptions.type"),
        (f"{OWN}.seLinuxOptions", {"user": "root"}, "spec.containers[0].securityContext.seLinuxOptions.user"),
        (
            f"{OWN}.windowsOptions",
            {"hostProcess": True},
            "spec.containers[0].securityContext.windowsOptions.hostProcess",
        ),
        ("spec.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "spec.securityContext.sysctls"),
        (
            "spec.containers.0.livenessProbe",
            {"httpGet": {"host": "example.org", "port": 1}},
            "spec.containers[0].livenessProbe.httpGet.host",
        ),
        (
            "spec.containers.0.lifecycle",
            {"preStop": {"tcpSocket": {"host": "example.org", "port": 1}}},
            "spec.containers[0].lifecycle.preStop.tcpSocket.host",
        ),
        (
            "metadata.annotations",
            {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"},
            'metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"]',
        ),
    ],
)
def test_what_baseline_forbids_makes_a_pod_privileged(path, value, field):
    level, breaches = level_of(changed(path, value))
    assert level == "privileged"
    assert field in [breach.field for breach in breaches if breach.level == "baseline"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("spec.volumes", [{"name": "n", "nfs": {"server": "s", "path": "/"}}], "spec.volumes[0].nfs"),
        ("spec.securityContext.runAsUser", 0, "spec.securityContext.runAsUser"),
        ("spec.securityContext.runAsNonRoot", False, "spec.securityContext.runAsNonRoot"),
        (f"{OWN}.runAsNonRoot", False, "spec.containers[0].securityContext.runAsNonRoot"),
        (f"{OWN}.runAsUser", 0, "spec.containers[0].securityContext.runAsUser"),
        (f"{OWN}.allowPrivilegeEscalation", True, "spec.containers[0].securityContext.allowPrivilegeEscalation"),
        (f"{OWN}.capabilities", {"drop": ["KILL"]}, "spec.containers[0].securityContext.capabilities.drop"),
        (
            f"{OWN}.capabilities",
            {"drop": ["ALL"], "add": ["CHOWN"]},
            "spec.containers[0].securityContext.capabilities.add",
        ),
        ("spec.initContainers.0.securityContext", {}, "spec.initContainers[0].securityContext.capabilities.drop"),
    ],
)
def test_what_restricted_forbids_leaves_a_pod_at_baseline(path, value, field):
    level, breaches = level_of(changed(path, value))
    assert level == "baseline"
    assert field in [breach.field for breach in breaches]


def test_seccomp_may_stand_on_the_container_alone():
    pod = deepcopy(RESTRICTED)
    del pod["spec"]["securityContext"]["seccompProfile"]
    _, breaches = level_of(read_workload(pod, "x"))
    assert {breach.field for breach in breaches} == {
        "spec.containers[0].securityContext.seccompProfile.type",
        "spec.initContainers[0].securityContext.seccompProfile.type",
    }
    for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
        container["securityContext"]["seccompProfile"] = {"type": "Localhost"}
    assert level_of(read_workload(pod, "x")) == ("restricted", ())


def test_a_pod_with_users_of_its_own_may_be_root_in_it():
    pod = deepcopy(RESTRICTED)
    pod["spec"] |= {
        "hostUsers": False,
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    assert level_of(read_workload(pod, "x")) == ("restricted", ())


def test_a_pod_for_windows_is_not_asked_for_what_is_linux_s():
    pod = deepcopy(RESTRICTED)
    pod["spec"] |= {"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}, "initContainers": []}
    pod["spec"]["containers"][0]["securityContext"] = {}
    assert level_of(read_workload(pod, "x")) == ("restricted", ())


def test_a_breach_says_what_stands_there_and_what_must():
    assert level_of(changed("spec.hostPID", True))[1] == (Breach("baseline", "spec.hostPID", "true", "false"),)
