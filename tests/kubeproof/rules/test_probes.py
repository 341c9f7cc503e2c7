"""Probes: a twin a rule."""

from tests.kubeproof.rules.twins import GONE, MAIN, POD, SHOP, Twin, edit

TWINS = {
    "static.readiness": Twin(edit(SHOP, f"{MAIN}.readinessProbe", GONE), SHOP, f"{POD}.containers"),
    "static.probe-ports": Twin(
        edit(SHOP, f"{MAIN}.livenessProbe.httpGet.port", "web"),
        SHOP,
        f"{MAIN}.livenessProbe",
        untold=((edit(SHOP, f"{MAIN}.livenessProbe.httpGet.port", 8080), f"{MAIN}.livenessProbe"),),
    ),
    "static.probe-timeout": Twin(
        edit(SHOP, f"{MAIN}.livenessProbe.timeoutSeconds", 10), SHOP, f"{MAIN}.livenessProbe.timeoutSeconds"
    ),
    "static.detection": Twin(edit(SHOP, f"{MAIN}.readinessProbe.failureThreshold", 4), SHOP, f"{POD}.containers[]"),
}
