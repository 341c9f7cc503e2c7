"""Variants are overlays that say the same in another way."""

import yaml

from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS, read_rules
from tests.manifests.rendered import MANIFESTS, ROOT, documents, of_kind, rendered


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
        {key: document["metadata"][key] for key in ("name", "namespace")}
        for document in cluster
        if document["kind"] == "Gateway"
    )
    variant = documents(MANIFESTS / "variants/embedded-gateway")
    assert [route["spec"]["parentRefs"] for route in of_kind(HTTP_ROUTE, among=variant)] == [[there], [there]]
    assert not of_kind("Gateway", among=variant)
