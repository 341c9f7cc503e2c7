"""Manifests become values with the defaults of the Kubernetes API; what cannot be read is named."""

import pytest
import yaml

from kubeproof.manifests.access import AccessRule, Account, Binding, Role, Subject
from kubeproof.manifests.containers import Container, Hook, Mount, Port, Probe, Reference, Security, Variable
from kubeproof.manifests.documents import ManifestError
from kubeproof.manifests.objects import (
    Autoscaler,
    Backend,
    Budget,
    Config,
    Ingress,
    LimitRange,
    Named,
    Namespace,
    PersistentVolume,
    Quota,
    ScalingRule,
    ScalingRules,
    Service,
    ServicePort,
    Utilisation,
)
from kubeproof.manifests.policies import Expression, NetworkPolicy, Operator, PodPeer, PolicyRule, Selector
from kubeproof.manifests.reading import read_system
from kubeproof.manifests.renaming import rename
from kubeproof.manifests.system import System, Unread
from kubeproof.manifests.workloads import ClaimTemplate, Pod, Strategy, Volume, Workload

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
                place="containers[0]",
                variables=(
                    Variable(
                        "LEDGER",
                        "http://ledger.market.svc.cluster.local:7001/not.ledger.market.example",
                        "containers[0].env[0]",
                    ),
                ),
            ),
        ),
        grace_seconds=45.0,
        progress_deadline=90.0,
        claims=("pictures",),
        namespace="market",
        selection=Selector((("role", "shop"),)),
        pod=Pod(
            volumes=(
                Volume("data", "persistentVolumeClaim", "volumes[0]", claim="pictures"),
                Volume("tmp", "emptyDir", "volumes[1]"),
            )
        ),
    )
    ledger = Workload(
        "StatefulSet",
        "ledger",
        (("role", "ledger"),),
        (("role", "ledger"),),
        1,
        (Container("ledger", "ledger:1", place="containers[0]"),),
        claims=("data",),
        namespace="market",
        sets_replicas=False,
        selection=Selector((("role", "ledger"),)),
        strategy=Strategy(surge=0, unavailable=1),
        claim_templates=(ClaimTemplate("data", None, (), None, "spec.volumeClaimTemplates[0]", "market"),),
    )
    name = "kubernetes.io/metadata.name"
    peers = (
        PodPeer(namespaces=Selector(((name, "market"),))),
        PodPeer(namespaces=Selector((), (Expression(name, Operator.IN, ("market", "kube-system")),))),
    )
    assert read_system(documents()) == System(
        namespace="market",
        workloads=(shop, ledger),
        services=(
            Service("shop", (("role", "shop"),), (ServicePort(None, 80, "http"),), namespace="market"),
            Service("ledger", (("role", "ledger"),), (ServicePort(None, 7001, 7001),), True, "market"),
        ),
        autoscalers=(Autoscaler("grow", "shop", 2, 5, (Utilisation("cpu", 70), Utilisation("memory", 80)), "market"),),
        policies=(NetworkPolicy("market", "shop", Selector((("role", "shop"),)), ingress=(PolicyRule(peers),)),),
        bindings=(
            Binding(
                "RoleBinding", "reader", "Role", "reader", (Subject("ServiceAccount", "shop", "market"),), "market"
            ),
        ),
        roles=(Role("ClusterRole", "reader", ()),),
        namespaces=(Namespace("market", (("pod-security.kubernetes.io/enforce", "restricted"),)),),
    )


BESIDE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {GREETING: hello, b: two}
binaryData: {picture: AA==}
---
apiVersion: v1
kind: Secret
metadata: {name: door}
data: {key: c2VjcmV0}
stringData: {code: open}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pictures}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], storageClassName: fast, hostPath: {path: /data}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: clerk}
automountServiceAccountToken: false
imagePullSecrets: [{name: registry}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [words], verbs: [get]}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: most}
spec: {hard: {pods: 20, requests.cpu: "2"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: each}
spec: {limits: [{type: Pod}, {type: Container, default: {cpu: 1, memory: 64Mi}, defaultRequest: {cpu: 100m}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: keep}
spec: {minAvailable: 50%, selector: {matchLabels: {role: shop}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: door}
spec:
  tls: [{secretName: cert}]
  defaultBackend: {service: {name: shop, port: {name: http}}}
  rules:
    - host: a.example
      http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: b, port: {number: 80}}}}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 10
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: other}
spec: {template: {}}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: thing}
"""


def test_what_stands_beside_workloads_is_read_and_the_unknown_is_listed():
    backend = Backend("b", 80, "spec.rules[0].http.paths[0].backend.service", "a.example", "/a")
    assert read_system(documents(BESIDE)) == System(
        namespace="default",
        workloads=(),
        configs=(
            Config(
                "ConfigMap", "words", ("GREETING", "b", "picture"), (("GREETING", "hello"), ("b", "two")), "default"
            ),
            Config("Secret", "door", ("code", "key"), (), "default"),
        ),
        claims=(ClaimTemplate("pictures", "1Gi", ("ReadWriteOnce",), "fast", namespace="default"),),
        volumes=(PersistentVolume("disk", "10Gi", ("ReadWriteOnce",), "fast", "/data"),),
        accounts=(Account("clerk", False, ("registry",), "default"),),
        roles=(Role("Role", "reader", (AccessRule(("get",), ("",), ("configmaps",), ("words",)),), "default"),),
        quotas=(Quota("most", (("pods", "20"), ("requests.cpu", "2")), "default"),),
        limit_ranges=(
            LimitRange(
                "each",
                (("cpu", "100m"), ("memory", "64Mi")),
                (("cpu", "1"), ("memory", "64Mi")),
                namespace="default",
            ),
        ),
        budgets=(Budget("keep", Selector((("role", "shop"),)), "50%", None, "default"),),
        ingresses=(
            Ingress(
                "door",
                (Backend("shop", "http", "spec.defaultBackend.service"), backend),
                (("cert", "spec.tls[0].secretName"),),
                "default",
            ),
        ),
        classes=(Named("PriorityClass", "high"),),
        others=(Unread("Service", "other"), Unread("Widget", "thing")),
    )


TASK = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: clerk
          automountServiceAccountToken: false
          hostNetwork: true
          imagePullSecrets: [{name: registry}]
          priorityClassName: high
          securityContext:
            runAsNonRoot: true
            seccompProfile: {type: RuntimeDefault}
            sysctls: [{name: a.b, value: "1"}]
          volumes:
            - {name: words, configMap: {name: words, items: [{key: b, path: b}]}}
            - {name: door, secret: {secretName: door, optional: true}}
            - {name: both, projected: {sources: [{secret: {name: door}}]}}
          initContainers: [{name: first, image: first:1, restartPolicy: Always}]
          containers:
            - name: main
              image: main:1
              command: [run]
              args: [--fast]
              envFrom: [{prefix: P_, configMapRef: {name: words}}]
              env:
                - {name: CODE, valueFrom: {secretKeyRef: {name: door, key: code}}}
                - {name: b, valueFrom: {configMapKeyRef: {name: words, key: b}}}
                - {name: P_b, value: mine}
              resources: {limits: {cpu: 1, memory: 64Mi}, requests: {cpu: 100m}}
              lifecycle: {preStop: {exec: {command: [sh, -c, sleep 15]}}}
              volumeMounts: [{name: words, mountPath: /words, readOnly: true}]
              securityContext:
                privileged: true
                capabilities: {add: [NET_ADMIN], drop: [ALL]}
                seLinuxOptions: {type: t}
"""


def test_a_task_is_read_with_its_paths_references_and_security():
    [task] = read_system(documents(f"{TASK}---{BESIDE}")).tasks
    [main], [first] = task.containers, task.init
    assert (task.kind, task.replicas, task.sets_replicas) == ("CronJob", 1, False)
    assert task.path(main.place) == "spec.jobTemplate.spec.template.spec.containers[0]"
    assert first.is_sidecar
    assert not main.is_sidecar
    assert (task.pod.account, task.pod.mounts_token, task.pod.host_network) == ("clerk", False, True)
    assert (task.pod.pull_secrets, task.pod.priority_class) == (("registry",), "high")
    assert task.pod.security == Security(run_as_non_root=True, seccomp="RuntimeDefault", sysctls=("a.b",))
    assert [volume.references for volume in task.pod.volumes] == [
        (
            Reference("ConfigMap", "words", None, "volumes[0].configMap"),
            Reference("ConfigMap", "words", "b", "volumes[0].configMap.items[0].key"),
        ),
        (Reference("Secret", "door", None, "volumes[1].secret", optional=True),),
        (Reference("Secret", "door", None, "volumes[2].projected.sources[0].secret"),),
    ]
    assert main.references == (
        Reference("ConfigMap", "words", None, "containers[0].envFrom[0].configMapRef", variable="P_"),
        Reference("Secret", "door", "code", "containers[0].env[0].valueFrom.secretKeyRef", variable="CODE"),
        Reference("ConfigMap", "words", "b", "containers[0].env[1].valueFrom.configMapKeyRef", variable="b"),
    )
    assert (main.command, main.arguments) == (("run",), ("--fast",))
    assert main.requests == (("cpu", "100m"), ("memory", "64Mi"))
    assert main.limits == (("cpu", "1"), ("memory", "64Mi"))
    assert main.pre_stop == Hook(15.0, "sh -c sleep 15")
    assert main.mounts == (Mount("words", "/words", "containers[0].volumeMounts[0]", read_only=True),)
    assert main.security == Security(privileged=True, added=("NET_ADMIN",), dropped=("ALL",), selinux=("t", None, None))


def test_the_environment_is_what_the_container_will_see_without_its_secrets():
    system = read_system(documents(f"{TASK}---{BESIDE}"))
    [task] = system.tasks
    assert system.environment(task, task.containers[0]) == {"P_GREETING": "hello", "P_b": "mine", "b": "two"}


BEHAVIOUR = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: grow}
spec:
  scaleTargetRef: {kind: Deployment, name: shop}
  maxReplicas: 5
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 0
      selectPolicy: Min
      policies: [{type: Pods, value: 1, periodSeconds: 300}]
"""


def test_an_autoscaler_s_behaviour_is_read_and_what_it_does_not_say_is_the_api_s():
    [found] = read_system(documents(BEHAVIOUR)).autoscalers
    assert found.down == ScalingRules((ScalingRule("Pods", 1, 300.0),), 0.0, "Min")
    assert found.up == ScalingRules((ScalingRule("Percent", 100, 15), ScalingRule("Pods", 4, 15)), 0)
    assert (found.minimum, found.metrics) == (1, (Utilisation("cpu", 80),))


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("{sleep: {seconds: 5}}", Hook(5.0, "sleep 5 s")),
        ("{exec: {command: [sleep, '7']}}", Hook(7.0, "sleep 7")),
        ("{exec: {command: [sh, -c, nginx -s quit]}}", Hook(None, "sh -c nginx -s quit")),
        ("{httpGet: {path: /stop, port: 1}}", Hook(None, "an HTTP request")),
    ],
)
def test_a_hook_that_sleeps_says_how_long(hook, expected):
    text = TASK.replace("{exec: {command: [sh, -c, sleep 15]}}", hook)
    assert text != TASK
    assert read_system(documents(text)).tasks[0].containers[0].pre_stop == expected


def test_services_select_by_the_labels_of_the_pods():
    system = read_system(documents())
    shop = system.workload("shop")
    assert [service.name for service in system.services_of(shop)] == ["shop"]
    assert system.workload("nobody") is None
    assert system.autoscaler_of("shop").name == "grow"
    assert system.autoscaler_of("ledger") is None


def test_a_service_without_selector_selects_nobody():
    system = read_system(documents("{kind: Service, metadata: {name: out}, spec: {ports: []}}\n---\n" + MANIFESTS))
    assert "out" not in [service.name for service in system.services_of(system.workload("shop"))]


def test_replicas_of_zero_are_zero_and_not_the_default():
    text = MANIFESTS.replace("replicas: 2", "replicas: 0")
    assert read_system(documents(text)).workload("shop").replicas == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("just a text", "has no kind"),
        ("{metadata: {name: x}}", "has no kind"),
        ("{kind: Deployment, metadata: {name: x}}", "Deployment/x: cannot be read"),
        ("{kind: Deployment, metadata: {name: x}, spec: {template: {spec: {}}}}", "Deployment/x: cannot be read"),
        ("{kind: Service, metadata: {name: x}, spec: {ports: [{port: many}]}}", "Service/x: cannot be read"),
        ("{kind: Pod, metadata: {name: x}, spec: {containers: []}}", "Pod/x: cannot be read: it has no container"),
        ("{kind: Role, rules: []}", r"Role/\(no name\): cannot be read: it has no 'metadata'"),
        (
            "{kind: Service, metadata: text, spec: {}}",
            r"Service/\(no name\): cannot be read: a field of it is of another type",
        ),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(text, problem):
    with pytest.raises(ManifestError, match=problem):
        read_system(documents(text))


def test_renaming_moves_everything_namespaced_and_what_names_the_namespace():
    moved = {(document["kind"], document["metadata"]["name"]): document for document in rename(documents(), "run-1")}
    assert moved["Namespace", "run-1"]["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert {document["metadata"].get("namespace") for kind, document in _by_kind(moved) if kind != "Namespace"} == {
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
    names = [document["metadata"]["name"] for document in rename(before, "run-1") if document["kind"] == "Namespace"]
    assert names == ["run-1"]
    assert before == kept


def _by_kind(moved):
    return [(kind, document) for (kind, _), document in moved.items()]
