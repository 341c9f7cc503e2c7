"""Ingresses: the Services that they send to, and the Secrets of their certificates."""

from collections.abc import Iterator

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, judged, titled
from kubeproof.rules.services import sent_to


def examine_ingress_backends(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service and port that an Ingress sends to, and the Secrets of its certificates."""
    for ingress in system.ingresses:
        subject = titled(system, "Ingress", ingress)
        for backend in ingress.backends:
            yield sent_to(system, profile, subject, backend.place, ingress.namespace, backend.service, backend.port)
        for secret, field in ingress.secrets:
            declared = system.config("Secret", secret, ingress.namespace) or f"Secret/{secret}" in profile.provided
            fix = "declare the Secret, or name it in the profile's `provided`"
            yield judged(True if declared else None, subject, field, secret, "a Secret that is there", fix)


INGRESS_BACKENDS = Rule(
    name="static.ingress-backends",
    law="every backend of an Ingress is a Service that is there, at a port that it has",
    source="kubernetes.io, Ingress",
    examine=examine_ingress_backends,
    nothing="the manifests declare no Ingress",
)
