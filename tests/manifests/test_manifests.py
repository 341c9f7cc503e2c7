"""The manifests say what the architecture says: names, numbers, variables, isolation, and nothing privileged."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.declared.renaming import rename
from conformance.declared.render import find_kubectl, render

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
OVERLAYS = ("embedded", "production")
SERVICES = ("microservice-1", "microservice-2")
Document = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Document, ...]:
    text = render(MANIFESTS / "overlays" / overlay, kubectl=find_kubectl())
    return tuple(yaml.safe_load_all(text))


def named(kind: str, name: str, overlay: str = "production") -> Document:
    [found] = [each for each in rendered(overlay) if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pod_specs() -> Iterator[tuple[str, Document]]:
    for each in rendered("production"):
        if each["kind"] in ("Deployment", "StatefulSet"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def test_the_single_apply_is_the_rendered_production_overlay() -> None:
    """k8s.yaml says what `kubectl kustomize manifests/overlays/production` says."""
    committed = tuple(yaml.safe_load_all((MANIFESTS / "k8s.yaml").read_text()))
    assert committed == rendered("production"), (
        "run: kubectl kustomize manifests/overlays/production > manifests/k8s.yaml"
    )


def test_the_overlays_differ_in_where_images_come_from_and_nothing_else() -> None:
    """Place and size, not behaviour: without images and registry credentials both overlays are equal."""

    def placeless(overlay: str) -> list[Document]:
        documents = yaml.safe_load_all(re.sub(r"image: .*", "image: x", yaml.safe_dump_all(rendered(overlay))))
        return [{key: value for key, value in each.items() if key != "imagePullSecrets"} for each in documents]

    assert placeless("embedded") == placeless("production")


def test_the_embedded_overlay_runs_the_images_that_the_profile_builds() -> None:
    """Every image of the embedded overlay is built from a Dockerfile here; none would be pulled."""
    built = {image["name"] for image in tomllib.loads((ROOT / "kubeproof.toml").read_text())["images"]}
    used = set(re.findall(r"image: (.*)", yaml.safe_dump_all(rendered("embedded"))))
    assert len(used) == 3
    assert used < built


def test_the_system_can_move_to_another_namespace() -> None:
    """Nothing names the namespace but `metadata.namespace` and what a rename moves with it."""
    moved = rename(rendered("production"), "elsewhere")
    assert {each["metadata"].get("namespace", "elsewhere") for each in moved} == {"elsewhere"}
    text = yaml.safe_dump_all(moved)
    assert not re.search(r"\.microservices\b|namespace: microservices|svc\.cluster\.local", text)


@pytest.mark.parametrize("name", SERVICES)
def test_probes_have_the_architecture_s_numbers(name: str) -> None:
    """Liveness 10 s, 5 s, 3 failures; readiness 5 s, 3 s, 2; both on /health, told apart by a header."""
    [container] = named("Deployment", name)["spec"]["template"]["spec"]["containers"]

    def probe(kind: str, period: int, timeout: int, failures: int) -> Document:
        return {
            "httpGet": {"path": "/health", "port": "http", "httpHeaders": [{"name": "X-Probe", "value": kind}]},
            "periodSeconds": period,
            "timeoutSeconds": timeout,
            "failureThreshold": failures,
        }

    assert container["name"] == name
    assert container["livenessProbe"] == probe("liveness", 10, 5, 3)
    assert container["readinessProbe"] == probe("readiness", 5, 3, 2)


def test_resources_are_the_architecture_s() -> None:
    """Requests are what the autoscaler's percentages are of."""
    service = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
    found = {name: spec["containers"][0]["resources"] for name, spec in pod_specs()}
    database = {"requests": {"cpu": "250m", "memory": "256Mi"}}
    assert found == {"microservice-1": service, "microservice-2": service, "postgres": database}


def test_the_environment_is_exactly_the_architecture_s() -> None:
    """Each pod has the seed's variables and one more: public ones from a ConfigMap, the password from the Secret."""
    database = {"DB_HOST": "postgres", "DB_PORT": "5432", "DB_NAME": "microservices_db", "DB_USER": "postgres"}
    address = {"MICROSERVICE_1_HOST": "microservice-1", "MICROSERVICE_1_PORT": "5000"}
    public = {
        "microservice-1": {"FLASK_ENV": "production", "PORT": "5000", **database, "READY_DB_GRACE": "0"},
        "microservice-2": {
            **{"FLASK_ENV": "production", "PORT": "5001", **address},
            "MICROSERVICE_1_URL": "http://microservice-1:5000",
        },
        "postgres": {
            **{"POSTGRES_DB": "microservices_db", "POSTGRES_USER": "postgres"},
            "PGDATA": "/var/lib/postgresql/data/pgdata",
        },
    }
    secret = {"microservice-1": ["DB_PASSWORD"], "microservice-2": [], "postgres": ["POSTGRES_PASSWORD"]}
    for name, spec in pod_specs():
        [container] = spec["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": name}}]
        assert named("ConfigMap", name)["data"] == public[name]
        assert [each["name"] for each in container.get("env", [])] == secret[name]
        assert all("secretKeyRef" in each["valueFrom"] for each in container.get("env", []))


@pytest.mark.parametrize("name", SERVICES)
def test_an_update_never_takes_a_pod_before_its_successor_serves(name: str) -> None:
    """One more, never one fewer; the autoscaler owns the number; a pod has time to drain after its 15 s sleep."""
    spec = named("Deployment", name)["spec"]
    pod = spec["template"]["spec"]
    sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert "replicas" not in spec
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"], sleep) == (2, 120, 15)
    linger, drain, spare = 5, 25, 10
    assert pod["terminationGracePeriodSeconds"] >= sleep + linger + drain + spare


@pytest.mark.parametrize("name", SERVICES)
def test_the_autoscaler_has_the_architecture_s_numbers(name: str) -> None:
    """2 to 5 replicas at 70 % CPU or 80 % memory; one more a minute, one less in five, after a calm of five."""
    spec = named("HorizontalPodAutoscaler", name)["spec"]
    targets = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in spec["metrics"]}
    assert (spec["minReplicas"], spec["maxReplicas"], targets) == (2, 5, {"cpu": 70, "memory": 80})
    assert spec["scaleTargetRef"]["name"] == name
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    assert up["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]
    assert down["stabilizationWindowSeconds"] == 300


def test_every_pod_is_restricted() -> None:
    """No pod may be root, gain rights, write its root file system or hold an API token; PostgreSQL included."""
    specs = dict(pod_specs())
    assert set(specs) == {*SERVICES, "postgres"}
    for spec in specs.values():
        [container] = spec["containers"]
        pod, own = spec["securityContext"], container["securityContext"]
        assert (pod["runAsNonRoot"], pod["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True)
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert spec["serviceAccountName"] == "microservices"
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert (specs["postgres"]["securityContext"]["runAsUser"], specs["postgres"]["securityContext"]["fsGroup"]) == (
        999,
        999,
    )


def test_the_database_keeps_its_data_on_a_claim() -> None:
    """10Gi, ReadWriteOnce, class standard, mounted above PGDATA."""
    spec = named("StatefulSet", "postgres")["spec"]
    [claim] = spec["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["spec"]["storageClassName"] == "standard"
    assert claim["spec"]["resources"]["requests"]["storage"] == "10Gi"
    mounts = {each["name"]: each["mountPath"] for each in spec["template"]["spec"]["containers"][0]["volumeMounts"]}
    pgdata = named("ConfigMap", "postgres")["data"]["PGDATA"]
    assert Path(mounts[claim["metadata"]["name"]]) in Path(pgdata).parents


def test_services_have_the_architecture_s_ports_and_find_their_pods() -> None:
    """5000, 5001, 5432, each selecting the pods of the workload of its name, each with an address of its own."""
    ports = {"microservice-1": 5000, "microservice-2": 5001, "postgres": 5432}
    for name, port in ports.items():
        spec = named("Service", name)["spec"]
        assert [each["port"] for each in spec["ports"]] == [port]
        assert spec["selector"] == {"app": name}
        assert spec.get("clusterIP") != "None"


def peers(rule: Document) -> list[str]:
    """The peers of a policy rule in short: app names, `*` for the namespace, `ns:` for other namespaces."""
    found = []
    for peer in rule["from"] if "from" in rule else rule["to"]:
        if "namespaceSelector" in peer:
            selector = peer["namespaceSelector"]
            label = selector.get("matchLabels", {}).values()
            values = [value for each in selector.get("matchExpressions", []) for value in each["values"]]
            found += [f"ns:{value}" for value in (*label, *values)]
        else:
            found.append(peer["podSelector"].get("matchLabels", {}).get("app", "*"))
    return found


def test_the_policies_are_the_architecture_s() -> None:
    """Who may come in and go out, by port; every workload is closed in both directions but for this."""

    def short(name: str) -> Document:
        spec = named("NetworkPolicy", name)["spec"]
        assert spec["podSelector"] == {"matchLabels": {"app": name}}
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        return {
            side: [(peers(rule), [(p["protocol"], p["port"]) for p in rule["ports"]]) for rule in spec.get(side, [])]
            for side in ("ingress", "egress")
        }

    dns = (["ns:kube-system"], [("UDP", 53), ("TCP", 53)])
    controllers = ["ns:ingress-nginx", "ns:projectcontour", "ns:traefik"]
    assert short("microservice-1") == {
        "ingress": [(["microservice-2", "*"], [("TCP", 5000)])],
        "egress": [(["postgres"], [("TCP", 5432)]), dns],
    }
    assert short("microservice-2") == {
        "ingress": [(["*", *controllers], [("TCP", 5001)])],
        "egress": [(["microservice-1"], [("TCP", 5000)]), dns],
    }
    assert short("postgres") == {"ingress": [(list(SERVICES), [("TCP", 5432)])], "egress": []}
