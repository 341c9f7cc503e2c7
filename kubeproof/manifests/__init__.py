"""
Rendered manifests as frozen values. In the order in which they are read:

| module                            | what it holds                                                                |
|-----------------------------------|------------------------------------------------------------------------------|
| `loading`, `rendering`            | a kustomization, a folder, a file or standard input into parsed documents    |
| `documents`, `fields`             | lists taken apart, null fields left out; fields that every kind may have     |
| `schema`, `schema_refresh`        | a document checked by the OpenAPI schemas of Kubernetes, offline             |
| `reading`                         | every document by the reader of its kind, into one `System`                  |
| `workloads`, `workload_reading`   | Deployments and all else that makes pods                                     |
| `containers`, `container_reading` | the containers of a pod template                                             |
| `policies`, `policy_reading`      | NetworkPolicies; what they allow is decided in `kubeproof.netpol`            |
| `objects`, `object_reading`       | Services, autoscalers, disruption budgets, configuration, storage, Ingresses |
| `access`, `gateway`               | RBAC and the Gateway API: values and their readers in one module             |
| `system`                          | all values together, and the questions that rules and checks ask of them     |

Beside them: `labels`, `quantities` (as exact numbers), `routes` (which host and path leads to which Service),
`renaming` (the manifests in another namespace), `layering` (the manifests with a change on top), `origins` (the file
and line of a field).
"""
