"""The manifests say what the architecture says: names, numbers, variables, isolation."""

from pathlib import Path

import pytest

from tests.manifests.rendered import SERVICES, Document, named, of_kind, pods, rendered

WORKLOADS = ("Deployment", "StatefulSet")


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
    found = {name: pod["spec"]["containers"][0]["resources"] for name, pod in pods(*WORKLOADS)}
    assert found.pop("postgres")["requests"] == {"cpu": "250m", "memory": "256Mi"}
    assert found == dict.fromkeys(SERVICES, service)


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
    password = named("Secret", "database")["metadata"]["name"]
    for name, pod in pods(*WORKLOADS):
        [container] = pod["spec"]["containers"]
        config = named("ConfigMap", name)
        assert container["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}]
        assert config["data"] == public[name]
        assert [variable["name"] for variable in container.get("env", [])] == secret[name]
        for variable in container.get("env", []):
            assert variable["valueFrom"]["secretKeyRef"] == {"name": password, "key": "password"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_update_never_takes_a_pod_before_its_successor_serves(name: str) -> None:
    """One more, never one fewer; the autoscaler owns the number; a pod has time to drain after its 15 s sleep."""
    spec = named("Deployment", name)["spec"]
    pod = spec["template"]["spec"]
    sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert "replicas" not in spec
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"], sleep) == (5, 120, 15)
    assert spec["revisionHistoryLimit"] == 5
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


def test_the_database_keeps_its_data_on_a_claim() -> None:
    """10Gi, ReadWriteOnce, class standard, mounted above PGDATA."""
    spec = named("StatefulSet", "postgres")["spec"]
    [claim] = spec["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["spec"]["storageClassName"] == "standard"
    assert claim["spec"]["resources"]["requests"]["storage"] == "10Gi"
    [container] = spec["template"]["spec"]["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    pgdata = named("ConfigMap", "postgres")["data"]["PGDATA"]
    assert Path(mounts[claim["metadata"]["name"]]) in Path(pgdata).parents


def test_services_have_the_architecture_s_ports_and_find_their_pods() -> None:
    """5000, 5001, 5432, each selecting the pods of the workload of its name, each with an address of its own."""
    ports = {"microservice-1": 5000, "microservice-2": 5001, "postgres": 5432}
    for name, port in ports.items():
        spec = named("Service", name)["spec"]
        assert [exposed["port"] for exposed in spec["ports"]] == [port]
        assert spec["selector"] == {"app": name}
        assert spec.get("clusterIP") != "None"


def test_both_services_can_be_reached_from_outside_each_under_a_host() -> None:
    """Of each what its users are to see: health and metrics stay inside."""
    routes = {}
    for rule in named("Ingress", "microservices")["spec"]["rules"]:
        [path] = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/items", "Prefix")
        routes[rule["host"]] = path["backend"]["service"]
    assert routes == {
        "consumer.example.com": {"name": "microservice-2", "port": {"name": "http"}},
        "items.example.com": {"name": "microservice-1", "port": {"name": "http"}},
    }


def selected(selector: Document) -> str:
    """Whom a label selector means, in short: app names, `*` for everybody."""
    apps = [*selector.get("matchLabels", {}).values()]
    apps += [value for term in selector.get("matchExpressions", []) for value in term["values"]]
    return " ".join(apps) or "*"


def rules(spec: Document, side: str) -> list[tuple[list[str], list[tuple[str, int | str]]]]:
    """The rules of one side in short: peers, where `ns:` is a namespace, and ports."""
    found = []
    for rule in spec.get(side, []):
        peers = [
            f"ns:{selected(peer['namespaceSelector'])}"
            if "namespaceSelector" in peer
            else selected(peer["podSelector"])
            for peer in rule["from" if side == "ingress" else "to"]
        ]
        found.append((peers, [(port["protocol"], port["port"]) for port in rule["ports"]]))
    return found


def test_the_policies_are_the_architecture_s() -> None:
    """Nobody to anybody, both ways, but for this; what is not of the architecture is in policies of its own."""
    dns = (["ns:kube-system"], [("UDP", 53), ("TCP", 53)])
    database = [("TCP", 5432)]
    both = ["Ingress", "Egress"]
    expected = {
        "default-deny": ("*", both, [], []),
        "microservice-1-ingress": (
            "microservice-1",
            ["Ingress"],
            [(["microservice-2", "*"], [("TCP", 5000)])],
            [],
        ),
        "microservice-1-egress": ("microservice-1", ["Egress"], [], [(["postgres"], database), dns]),
        "microservice-2-ingress": ("microservice-2", ["Ingress"], [(["*"], [("TCP", 5001)])], []),
        "microservice-2-egress": ("microservice-2", ["Egress"], [], [(["microservice-1"], [("TCP", 5000)]), dns]),
        "postgres": ("postgres", both, [(list(SERVICES), database)], []),
        "postgres-from-backups": ("postgres", ["Ingress"], [(["postgres-backup postgres-restore"], database)], []),
        "backups": ("postgres-backup postgres-restore", both, [], [(["postgres"], database), dns]),
        "ingress-controller": (" ".join(SERVICES), ["Ingress"], [(["ns:projectcontour"], [("TCP", "http")])], []),
    }
    found = {
        policy["metadata"]["name"]: (
            selected(policy["spec"]["podSelector"]),
            policy["spec"]["policyTypes"],
            rules(policy["spec"], "ingress"),
            rules(policy["spec"], "egress"),
        )
        for policy in of_kind("NetworkPolicy")
    }
    assert found == expected


def test_every_policy_selects_pods_that_there_are() -> None:
    """A typing error in a label would be a policy that holds nothing back."""
    apps = {pod["metadata"]["labels"]["app"] for _, pod in pods()}
    assert apps == {*SERVICES, "postgres", "postgres-backup", "postgres-restore"}
    for policy in of_kind("NetworkPolicy", among=rendered("production")):
        named_apps = set(selected(policy["spec"]["podSelector"]).split()) - {"*"}
        assert named_apps <= apps, policy["metadata"]["name"]
