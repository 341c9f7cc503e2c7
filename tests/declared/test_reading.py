"""Manifests become values with the defaults of the Kubernetes API; what cannot be read is named."""

import pytest
import yaml

from conformance.declared.objects import (
    Autoscaler,
    Container,
    Policy,
    Port,
    Probe,
    Service,
    ServicePort,
    System,
    Workload,
)
from conformance.declared.reading import ManifestError, read_system
from conformance.declared.renaming import rename

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: market, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: market}
spec:
  replicas: 2
  progressDeadlineSeconds: 90
  selector: {matchLabels: {role: shop}}
  template:
    metadata: {labels: {role: shop, tier: front}}
    spec:
      terminationGracePeriodSeconds: 45
      volumes: [{name: data, persistentVolumeClaim: {claimName: pictures}}, {name: tmp, emptyDir: {}}]
      containers:
        - name: shop
          image: shop:1
          env: [{name: LEDGER, value: "http://ledger.market.svc.cluster.local:7001/not.ledger.market.example"}]
          ports: [{name: http, containerPort: 7000}]
          livenessProbe: {tcpSocket: {port: 7000}}
          readinessProbe:
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 2
            httpGet: {path: /health, port: http, httpHeaders: [{name: X-Probe, value: readiness}]}
---
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: ledger, namespace: market}
    spec:
      selector: {matchLabels: {role: ledger}}
      volumeClaimTemplates: [{metadata: {name: data}}]
      template:
        metadata: {labels: {role: ledger}}
        spec: {containers: [{name: ledger, image: "ledger:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: market}
spec: {selector: {role: shop}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: market}
spec: {clusterIP: None, selector: {role: ledger}, ports: [{port: 7001}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: grow, namespace: market}
spec:
  scaleTargetRef: {kind: Deployment, name: shop}
  minReplicas: 2
  maxReplicas: 5
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop, namespace: market}
spec:
  podSelector: {matchLabels: {role: shop}}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: market}}
        - namespaceSelector:
            matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [market, kube-system]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: market}
subjects: [{kind: ServiceAccount, name: shop, namespace: market}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
"""


def documents(text=MANIFESTS):
    return list(yaml.safe_load_all(text))


def test_all_that_is_declared_is_read_with_the_defaults_of_the_api():
    shop = Workload(
        kind="Deployment",
        name="shop",
        labels=(("role", "shop"), ("tier", "front")),
        selector=(("role", "shop"),),
        replicas=2,
        containers=(
            Container(
                "shop",
                "shop:1",
                (Port("http", 7000),),
                (
                    Probe("liveness", None, 7000, 10.0, 1.0, 3),
                    Probe("readiness", "/health", "http", 5.0, 3.0, 2, (("X-Probe", "readiness"),)),
                ),
            ),
        ),
        grace_seconds=45.0,
        progress_deadline=90.0,
        claims=("pictures",),
    )
    ledger = Workload(
        "StatefulSet",
        "ledger",
        (("role", "ledger"),),
        (("role", "ledger"),),
        1,
        (Container("ledger", "ledger:1"),),
        claims=("data",),
    )
    assert read_system(documents()) == System(
        namespace="market",
        workloads=(shop, ledger),
        services=(
            Service("shop", (("role", "shop"),), (ServicePort(None, 80, "http"),)),
            Service("ledger", (("role", "ledger"),), (ServicePort(None, 7001, 7001),), headless=True),
        ),
        autoscalers=(Autoscaler("grow", "shop", 2, 5, cpu=70, memory=80),),
        policies=(Policy("shop", (("role", "shop"),), ("Ingress",)),),
        others=("Namespace/market", "RoleBinding/reader", "ClusterRole/reader"),
    )


def test_services_select_by_the_labels_of_the_pods():
    system = read_system(documents())
    shop = system.workload("shop")
    assert [each.name for each in system.services_of(shop)] == ["shop"]
    assert system.workload("nobody") is None
    assert system.autoscaler_of("shop").name == "grow"
    assert system.autoscaler_of("ledger") is None


def test_a_service_without_selector_selects_nobody():
    system = read_system(documents("{kind: Service, metadata: {name: out}, spec: {ports: []}}\n---\n" + MANIFESTS))
    assert "out" not in [each.name for each in system.services_of(system.workload("shop"))]


def test_replicas_of_zero_are_zero_and_not_the_default():
    text = MANIFESTS.replace("replicas: 2", "replicas: 0")
    assert read_system(documents(text)).workload("shop").replicas == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("just a text", "has no kind"),
        ("{metadata: {name: x}}", "has no kind"),
        ("{kind: Deployment, metadata: {name: x}}", "Deployment/x: cannot be read"),
        ("{kind: Deployment, metadata: {name: x}, spec: {template: {spec: {}}}}", "Deployment/x: cannot be read"),
        ("{kind: Service, metadata: {name: x}, spec: {ports: [{port: many}]}}", "Service/x: cannot be read"),
        ("{kind: Service, metadata: text, spec: {}}", "Service/None: cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(text, says):
    with pytest.raises(ManifestError, match=says):
        read_system(documents(text))


def test_renaming_moves_everything_namespaced_and_what_names_the_namespace():
    moved = {(each["kind"], each["metadata"]["name"]): each for each in rename(documents(), "run-1")}
    assert moved["Namespace", "run-1"]["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert {each["metadata"].get("namespace") for kind, each in _by_kind(moved) if kind != "Namespace"} == {
        "run-1",
        None,
    }
    assert "namespace" not in moved["ClusterRole", "reader"]["metadata"]
    assert moved["RoleBinding", "reader"]["subjects"][0]["namespace"] == "run-1"
    peers = moved["NetworkPolicy", "shop"]["spec"]["ingress"][0]["from"]
    assert peers[0]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "run-1"}
    assert peers[1]["namespaceSelector"]["matchExpressions"][0]["values"] == ["run-1", "kube-system"]
    (env,) = moved["Deployment", "shop"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env["value"] == "http://ledger.run-1.svc.cluster.local:7001/not.ledger.market.example"
    assert read_system(moved.values()).namespace == "run-1"


def test_renaming_leaves_its_input_alone_and_drops_namespaces_of_others():
    before = documents("{kind: Namespace, metadata: {name: other}}\n---\n" + MANIFESTS)
    kept = documents("{kind: Namespace, metadata: {name: other}}\n---\n" + MANIFESTS)
    names = [each["metadata"]["name"] for each in rename(before, "run-1") if each["kind"] == "Namespace"]
    assert names == ["run-1"]
    assert before == kept


def _by_kind(moved):
    return [(kind, each) for (kind, _), each in moved.items()]
