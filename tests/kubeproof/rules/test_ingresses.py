"""Ingresses: a twin, and Services that nobody here declares."""

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import Twin, edit, intended, outcome, with_objects

TWINS = {
    "static.ingress-backends": Twin(
        edit("Ingress/microservices", "spec.rules[0].http.paths[0].backend.service.port.name", "web"),
        "Ingress/microservices",
        "spec.rules[0].http.paths[0].backend.service.port",
        untold=((edit("Ingress/microservices", "spec.tls", [{"secretName": "cert"}]), "spec.tls[0]"),),
    ),
}


def test_whether_a_name_of_the_dns_without_ports_is_led_to_is_the_controllers_affair():
    outside = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "away"},
        "spec": {"type": "ExternalName", "externalName": "example.org"},
    }
    led = edit("Ingress/microservices", "spec.rules[0].http.paths[0].backend.service.name", "away")
    assert outcome("static.ingress-backends", led, with_objects(outside)) is Outcome.UNKNOWN


def test_a_service_that_somebody_else_makes_is_named_in_the_profile():
    led = edit("Ingress/microservices", "spec.rules[0].http.paths[0].backend.service.name", "their")
    named = intended("provided = [", 'provided = ["Service/their", ')
    assert outcome("static.ingress-backends", led) is not Outcome.PASS
    assert outcome("static.ingress-backends", led, named) is Outcome.PASS
