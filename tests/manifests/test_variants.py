"""Variants are overlays that say the same in another way."""

import yaml

from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS, read_rules
from tests.manifests.rendered import MANIFESTS, ROOT, documents, rendered


def test_the_gateway_variant_routes_what_the_ingress_routes() -> None:
    variant = documents(MANIFESTS / "variants/embedded-gateway")
    ingress, gateway = (
        {(rule.host, rule.path, rule.match, rule.services) for rule in read_rules(found, kind)}
        for found, kind in ((rendered("embedded"), INGRESS), (variant, HTTP_ROUTE))
    )
    assert gateway == ingress
    assert not read_rules(variant, INGRESS)


def test_its_routes_join_the_gateway_that_the_embedded_cluster_has() -> None:
    cluster = yaml.safe_load_all((ROOT / "kubeproof/embedded/ingress.yaml").read_text())
    (there,) = (
        {k: each["metadata"][k] for k in ("name", "namespace")} for each in cluster if each["kind"] == "Gateway"
    )
    variant = documents(MANIFESTS / "variants/embedded-gateway")
    assert [each["spec"]["parentRefs"] for each in variant if each["kind"] == HTTP_ROUTE] == [[there], [there]]
    assert not [each for each in variant if each["kind"] == "Gateway"]
