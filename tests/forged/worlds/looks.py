"""Worlds in which somebody looked, and not at what he said: deployed, names, routes, journeys, who talks to whom."""

from tests.forged.edits import at_the_end, dropped, later, lines, of, others, rewritten
from tests.forged.world import EITHER, FAIL, UNKNOWN, World
from tests.helpers.histories import both, changed, pod, sample

READY, NAMES, JOURNEY, REACH = "deploy.ready", "dns.names", "api.journey", "isolation.reachability"
CELL, CONTROL, CANARY = (lines("reach", role=role) for role in ("cell", "control", "canary"))
FIVE_HOURS = 5 * 3600.0

DEPLOYED = {
    "everything is gone in the end": at_the_end(
        pod(1, "a", deleted=True, gone=True, ready=False),
        pod(1, "b", deleted=True, gone=True, ready=False),
        sample(1, "shop", 2, 0, gone=True),
    ),
    "the pods are gone, and the Deployment counts them": at_the_end(
        pod(1, "a", deleted=True, gone=True, ready=False), pod(1, "b", deleted=True, gone=True, ready=False)
    ),
    "ready once, and not in the end": at_the_end(pod(1, "a", ready=False)),
    "one replica of the two that are declared": both(
        dropped(lines("pod", uid="b")),
        rewritten(lines("workload", name="shop"), desired=1, updated=1, ready=1, available=1),
    ),
}
TALKS = {
    "controls five hours before what they control": later(others(CONTROL), FIVE_HOURS),
    "controls five hours after what they control": later(CONTROL, FIVE_HOURS),
    "a canary of five hours before": later(others(CANARY), FIVE_HOURS),
    "targets replaced between control and cell": rewritten(CELL, target_uid="replaced"),
    "controls of other targets": rewritten(CONTROL, target_uid="replaced"),
    "sources replaced between control and cell": rewritten(CELL, source_uid="replaced"),
    "only one pod of a workload was tried": dropped(lines("reach", role="cell", target_pod="shop-b")),
    "replicas of one workload were not tried": dropped(lines("reach", role="cell", source="shop", target="shop")),
    "a walled pod that does not listen": dropped(lines("reach", role="control", target="walled")),
    "attempts that gave up at once": rewritten(lines("reach", outcome="timeout"), seconds=0.0),
    "attempts that ended before they began": rewritten(lines("reach", outcome="timeout"), seconds=-2.0),
}

WORLDS = {
    **{name: World(READY, of("deploy", change)) for name, change in DEPLOYED.items()},
    **{name: World(REACH, of("reachability", change), "", EITHER) for name, change in TALKS.items()},
    "names looked up by the harness alone": World(
        NAMES, of("dns", rewritten(lines("name"), source="client", workload=None, pod=None)), "", UNKNOWN
    ),
    "names looked up by a pod that nobody knows": World(
        NAMES, of("dns", rewritten(lines("name"), source="nobody")), "", UNKNOWN
    ),
    "a server error counted as reached": World(
        "ingress.routes",
        of("ingress", changed("route", {"path": "/kubeproof-nowhere", "host": "shop.example"}, status=500)),
        "500",
        FAIL,
    ),
    "a route of a pod that was not Ready": World(
        "ingress.routes", of("ingress", rewritten(lines("pod"), ready=False), rewritten(lines("endpoints"), ready=[]))
    ),
    "asked under another host than is declared": World(
        "ingress.routes", of("ingress", rewritten(lines("route"), asked="elsewhere.example")), "", EITHER
    ),
    "a wrong port was asked": World("ingress.routes", of("ingress", rewritten(lines("route"), port=9999)), "", EITHER),
    "a gateway's error counted as reached": World(
        "gateway.routes",
        of("gateway", changed("route", {"path": "/kubeproof-nowhere", "host": "shop.example"}, status=502)),
        "502",
        FAIL,
    ),
    "another URL was asked than is declared": World(
        JOURNEY, of("journey:buy", rewritten(lines("step"), url="http://elsewhere/things")), "elsewhere", EITHER
    ),
    "the right place of the wrong thing": World(
        JOURNEY, of("journey:buy", rewritten(lines("step", index=1), url="http://shop/things/1")), "", EITHER
    ),
    "read before it was written": World(JOURNEY, of("journey:buy", later(lines("step", index=0), 1.5)), "", EITHER),
    "answers that took no time, and less": World(
        JOURNEY, of("journey:buy", rewritten(lines("step"), seconds=-1.0)), "", UNKNOWN
    ),
}
