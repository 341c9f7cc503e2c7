"""A declared system for the tests of the policy engine: a shop, its ledger, a nightly task, and their intent."""

from typing import Any

import yaml

from kubeproof.manifests.reading import read_system
from kubeproof.manifests.system import System
from kubeproof.profile.intent import AllowedPair, Entry, Profile

WORKLOADS = """
- {kind: Namespace, metadata: {name: market, labels: {team: sales}}}
- kind: Deployment
  metadata: {name: shop, namespace: market}
  spec:
    selector: {matchLabels: {app: shop}}
    template:
      metadata: {labels: {app: shop}}
      spec: {containers: [{name: shop, image: "shop:1", ports: [{name: http, containerPort: 8080}]}]}
- kind: StatefulSet
  metadata: {name: ledger, namespace: market}
  spec:
    selector: {matchLabels: {app: ledger}}
    template:
      metadata: {labels: {app: ledger}}
      spec: {containers: [{name: ledger, image: "ledger:1", ports: [{name: sql, containerPort: 5432}]}]}
- kind: CronJob
  metadata: {name: nightly, namespace: market}
  spec:
    schedule: "@daily"
    jobTemplate:
      spec:
        template:
          metadata: {labels: {app: nightly}}
          spec: {containers: [{name: nightly, image: "ledger:1"}]}
"""

# Everything closed but: the ingress controller and the namespace into the shop, the shop and the task into the ledger.
POLICIES = """
closed: {podSelector: {}, policyTypes: [Ingress, Egress]}
shop:
  podSelector: {matchLabels: {app: shop}}
  policyTypes: [Ingress, Egress]
  ingress:
    - {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: gate}}}], ports: [{port: http}]}
  egress:
    - {to: [{podSelector: {matchLabels: {app: ledger}}}], ports: [{port: 5432}]}
    - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
ledger:
  podSelector: {matchLabels: {app: ledger}}
  ingress: [{from: [{podSelector: {matchLabels: {app: shop}}}, {podSelector: {matchLabels: {app: nightly}}}]}]
nightly:
  podSelector: {matchLabels: {app: nightly}}
  egress:
    - {to: [{podSelector: {matchLabels: {app: ledger}}}], ports: [{port: sql}]}
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
      to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]
"""

PROFILE = Profile(
    system="market",
    namespace="market",
    allowed=(AllowedPair("shop", "ledger"), AllowedPair("nightly", "ledger")),
    entries=(Entry("shop", "shop", "/", 200),),
)


def system(policies: str = POLICIES, **changed: str) -> System:
    """The system under these policies; `changed` are specs that replace or join them by name."""
    specs: dict[str, Any] = yaml.safe_load(policies) or {}
    specs |= {name: yaml.safe_load(spec) for name, spec in changed.items()}
    documents = yaml.safe_load(WORKLOADS)
    for name, spec in specs.items():
        documents.append(
            {"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "market"}, "spec": spec},
        )
    return read_system(documents)
