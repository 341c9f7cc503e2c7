"""Names of Services, looked up from the client pod."""

from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import Deployed


def observe_names(on: Deployed, of: str, _subject: str) -> None:
    """Look up every Service under its three names from inside the namespace; expected are its addresses right now."""
    for service in on.system.services:
        names = [
            service.name,
            f"{service.name}.{on.namespace}",
            f"{service.name}.{on.namespace}.svc.cluster.local",
        ]
        expected = _addresses(on, service.name)
        try:
            answers = on.ask("resolve", names)
        except ExecFailed as error:
            answers = [{"asked": name, "addresses": [], "error": f"not observed: {error}"} for name in names]
        for answer in answers:
            on.recorder.line(of, "name", service=service.name, source="client", expected=expected, **answer)


def _addresses(on: Deployed, service: str) -> list[str]:
    found = on.cluster.core.read_namespaced_service(service, on.namespace)
    if found.spec.cluster_ip != "None":
        return sorted(found.spec.cluster_ips)
    with on.watches.changed:
        ready = on.watches.now["endpoints"].get(service, {}).get("ready", [])
        return sorted(pod["ip"] for pod in on.watches.now["pod"].values() if pod["name"] in ready)
