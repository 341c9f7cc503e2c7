"""What production needs beyond the architecture: nothing privileged, budgets, a quota that fits, least rights."""

from typing import Any

import pytest

from tests.manifests.rendered import SERVICES, Document, named, of_kind, pods, rendered, with_component

FENCE = {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "LimitRange", "PersistentVolume"}
UNITS = {"": 1.0, "m": 0.001, "Mi": 2.0**20, "Gi": 2.0**30}


def quantity(text: Any) -> float:
    """A Kubernetes quantity as a number of cores, bytes or pieces."""
    digits = str(text).rstrip("miMG")
    return float(digits) * UNITS[str(text).removeprefix(digits)]


def test_every_pod_is_restricted() -> None:
    """No pod may be root, gain rights, write its root file system or hold an API token; PostgreSQL included."""
    found = dict(pods())
    assert set(found) == {*SERVICES, "postgres", "postgres-backup", "postgres-restore"}
    for name, pod in found.items():
        spec = pod["spec"]
        [container] = spec["containers"]
        own = container["securityContext"]
        assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["seccompProfile"]) == (
            True,
            {"type": "RuntimeDefault"},
        )
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert spec["serviceAccountName"] == "microservices"
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys()
        user = 10001 if name in SERVICES else 999
        assert spec["securityContext"]["runAsUser"] == user
        assert spec["securityContext"].get("fsGroup") == (None if name in SERVICES else 999)


def test_the_api_server_holds_the_namespace_to_it() -> None:
    """Enforced, and warned of when the template is applied."""
    labels = named("Namespace", "microservices")["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("name", SERVICES)
def test_a_drain_takes_one_pod_at_a_time_and_can_end(name: str) -> None:
    """Never the last one that serves, and always one more than must stay."""
    budget = named("PodDisruptionBudget", name)["spec"]
    assert budget["selector"]["matchLabels"] == {"app": name}
    assert budget["minAvailable"] == 1
    assert budget["minAvailable"] < named("HorizontalPodAutoscaler", name)["spec"]["minReplicas"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_database_has_no_budget_that_would_forbid_every_drain() -> None:
    assert {budget["metadata"]["name"] for budget in of_kind("PodDisruptionBudget")} == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_the_pods_of_a_release_spread_over_the_nodes(name: str) -> None:
    """Where there is one node only, all the same they run."""
    pod = named("Deployment", name)["spec"]["template"]
    [spread] = pod["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert spread["matchLabelKeys"] == ["pod-template-hash"]


def worst_case() -> dict[str, float]:
    """
    What all pods may ask for at once, and how many they are.

    A service at its maximum, rolled out while every old pod still drains, has twice the maximum and the surge.
    """
    total = {"pods": 0.0, "requests.cpu": 0.0, "requests.memory": 0.0, "limits.memory": 0.0}
    for name, pod in pods():
        count = 1
        if name in SERVICES:
            surge = named("Deployment", name)["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
            count = 2 * int(named("HorizontalPodAutoscaler", name)["spec"]["maxReplicas"]) + surge
        [container] = pod["spec"]["containers"]
        total["pods"] += count
        for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            total[f"{kind}.{resource}"] += count * quantity(container["resources"][kind][resource])
    return total


def test_the_quota_admits_the_worst_hour_and_a_proof_beside_it() -> None:
    """Room for the harness: at least two pods, its client and its load, of what the LimitRange gives each."""
    hard = named("ResourceQuota", "microservices")["spec"]["hard"]
    [default] = named("LimitRange", "microservices")["spec"]["limits"]
    guest = {
        "pods": 1.0,
        "requests.cpu": quantity(default["defaultRequest"]["cpu"]),
        "requests.memory": quantity(default["defaultRequest"]["memory"]),
        "limits.memory": quantity(default["default"]["memory"]),
    }
    for what, most in worst_case().items():
        assert most + 2 * guest[what] <= quantity(hard[what]), what


def test_the_quota_admits_the_claims() -> None:
    """Both, and as many again: a volume is moved by having two for a while."""
    hard = named("ResourceQuota", "microservices")["spec"]["hard"]
    claims = [claim["spec"] for claim in of_kind("PersistentVolumeClaim")]
    for owner in of_kind("StatefulSet"):
        claims += [claim["spec"] for claim in owner["spec"]["volumeClaimTemplates"]]
    assert 2 * len(claims) <= quantity(hard["persistentvolumeclaims"])
    asked = sum(quantity(claim["resources"]["requests"]["storage"]) for claim in claims)
    assert 2 * asked <= quantity(hard["requests.storage"])


def test_a_pod_that_says_nothing_is_admitted_by_the_quota_and_one_of_ours_says_it_itself() -> None:
    """Whatever the quota counts, the LimitRange gives; no limit on the CPU is made up."""
    hard = named("ResourceQuota", "microservices")["spec"]["hard"]
    [limits] = named("LimitRange", "microservices")["spec"]["limits"]
    assert {"cpu", "memory"} == limits["defaultRequest"].keys()
    assert {what.partition(".")[2] for what in hard if what.startswith("limits.")} == limits["default"].keys()
    assert "cpu" not in {**limits["default"], **limits["max"]}
    for name, pod in pods():
        resources = pod["spec"]["containers"][0]["resources"]
        assert {"cpu", "memory"} == resources["requests"].keys(), name
        assert quantity(resources["limits"]["memory"]) <= quantity(limits["max"]["memory"]), name


def role(name: str, among: tuple[Document, ...] | None = None) -> dict[tuple[str, str], set[str]]:
    """The verbs that a Role grants, by (API group, resource)."""
    return {
        (group, resource): set(rule["verbs"])
        for rule in named("Role", name, among)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def plural(document: Document) -> tuple[str, str]:
    """API group and resource of an object."""
    group = document["apiVersion"].rpartition("/")[0]
    kind = document["kind"].lower()
    return group, {"ingress": "ingresses", "networkpolicy": "networkpolicies"}.get(kind, f"{kind}s")


def test_the_pods_own_account_may_do_nothing() -> None:
    """It is bound, and the Role is empty: the pods call no API."""
    assert role("microservices") == {}
    [subject] = named("RoleBinding", "microservices")["subjects"]
    assert (subject["kind"], subject["name"]) == ("ServiceAccount", "microservices")
    for account in of_kind("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("manifests", ["production", "gateway"])
def test_the_deployer_may_apply_all_but_the_fence_around_it(manifests: str, tmp_path: Any) -> None:
    """Every other kind can be read, made and changed; a kind that is added must be added to the Role, too."""
    documents = rendered("production") if manifests == "production" else with_component("gateway", tmp_path)
    rights = role("deployer", documents)
    for document in documents:
        fenced = document["metadata"].get("labels", {}).get("applied-by") == "administrator"
        assert fenced == (document["kind"] in FENCE), document["kind"]
        if fenced:
            assert plural(document) not in rights
        else:
            assert {"get", "create", "patch"} <= rights[plural(document)], document["kind"]


def test_the_deployer_deletes_nothing_and_lists_no_secrets() -> None:
    rights = role("deployer")
    assert {verb for verbs in rights.values() for verb in verbs} == {"get", "list", "watch", "create", "patch"}
    assert rights["", "secrets"] == {"get", "create", "patch"}
    assert not any("*" in pair for pair in rights)
    # Neither a shell in a pod, nor a way round the Ingress, nor another's rights.
    assert not {resource for _, resource in rights} & {"pods/exec", "pods/portforward", "serviceaccounts/token"}


def test_the_deployer_can_follow_a_rollout_undo_it_and_back_up_before_it() -> None:
    rights = role("deployer")
    for resource in ("deployments", "statefulsets", "replicasets"):
        assert {"get", "list", "watch"} <= rights["apps", resource]
    assert {"get", "list", "watch", "create"} <= rights["batch", "jobs"]
    assert {"get", "list", "watch"} <= rights["", "pods/log"]
