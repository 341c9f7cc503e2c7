"""What the profile names is in the manifests: a twin a rule."""

from tests.kubeproof.rules.twins import DATABASE, Twin, edit, intended

TWINS = {
    "static.intent-names": Twin(
        intended('source = "microservice-2"', 'source = "none"'), "workload none", "allowed[0]"
    ),
    "static.intent-entries": Twin(
        intended('workload = "microservice-1"\nservice', 'workload = "microservice-2"\nservice'),
        "Service/microservice-1",
        "entries[0]",
    ),
    "static.intent-storage": Twin(
        edit(DATABASE, "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "1Gi"),
        DATABASE,
        "spec.volumeClaimTemplates[0].spec.resources.requests.storage",
    ),
}
