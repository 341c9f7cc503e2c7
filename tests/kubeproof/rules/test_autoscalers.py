"""HorizontalPodAutoscalers: a twin a rule, and requests that percentages are of."""

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SCALER, SHOP, Twin, both, edit, intended, outcome, without

PODS = {
    "type": "Pods",
    "pods": {"metric": {"name": "requests"}, "target": {"type": "AverageValue", "averageValue": "9"}},
}
ALWAYS = {"restartPolicy": "Always"}
MEMORY = "spec.metrics[1].resource"

TWINS = {
    "static.autoscaler-target": Twin(
        both(
            edit(SHOP, f"{MAIN}.resources", {}),
            without("LimitRange/microservices"),
        ),
        SHOP,
        f"{MAIN}.resources.requests.cpu",
    ),
    "static.replicas-owner": Twin(edit(SHOP, "spec.replicas", 2), SHOP, "spec.replicas"),
    "static.autoscaler-bounds": Twin(edit(SCALER, "spec.minReplicas", 5), SCALER, "spec.maxReplicas"),
    "static.memory-target": Twin(
        edit(SCALER, "spec.metrics[1].resource.target.averageUtilization", 25),
        SCALER,
        "spec.metrics",
        untold=((intended('idle_memory = "38Mi"', ""), "spec.metrics"),),
    ),
}


def test_a_percentage_of_a_request_is_of_what_the_limit_range_gives():
    """100 Mi of the LimitRange at 80 % are above 38 Mi, at 35 % they are not; a sidecar asks for as much again."""
    nothing = edit(SHOP, f"{MAIN}.resources", {})
    memory = edit("LimitRange/microservices", "spec.limits[0].defaultRequest.memory", "100Mi")
    tight = edit(SCALER, f"{MEMORY}.target.averageUtilization", 35)
    assert outcome("static.memory-target", nothing, memory) is Outcome.PASS
    assert outcome("static.memory-target", nothing, memory, tight) is Outcome.FAIL
    sidecar = edit(SHOP, "spec.template.spec.initContainers", [{"name": "proxy", "image": "p:1", **ALWAYS}])
    assert outcome("static.memory-target", nothing, memory, tight, sidecar) is Outcome.PASS
    assert outcome("static.memory-target", nothing, without("LimitRange/microservices")) is Outcome.FAIL


def test_a_metric_of_one_container_asks_nothing_of_the_others():
    """The sidecar requests nothing; what of the idle memory is the container's own nobody tells."""
    sidecar = edit(SHOP, "spec.template.spec.initContainers", [{"name": "proxy", "image": "p:1", **ALWAYS}])

    def of(container):
        measured = {"name": "memory", "container": container, "target": {"averageUtilization": 25}}
        return edit(SCALER, "spec.metrics[1]", {"type": "ContainerResource", "containerResource": measured})

    changes = (sidecar, without("LimitRange/microservices"), edit(SCALER, "spec.metrics[0]", PODS))
    assert outcome("static.autoscaler-target", *changes) is Outcome.FAIL
    assert outcome("static.autoscaler-target", *changes, of("microservice-1")) is Outcome.PASS
    assert outcome("static.autoscaler-target", *changes, of("gone")) is Outcome.FAIL
    assert outcome("static.memory-target", *changes, of("microservice-1")) is Outcome.UNKNOWN
