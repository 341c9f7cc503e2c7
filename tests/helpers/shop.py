"""A small system with names of its own that has something of everything a check is about, and the profile of it."""

from kubeproof.manifests.containers import Container, Port, Probe, Reference
from kubeproof.manifests.objects import (
    Autoscaler,
    Config,
    ScalingRule,
    ScalingRules,
    Service,
    ServicePort,
    Utilisation,
)
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import (
    AllowedPair,
    Backup,
    Dependency,
    Entry,
    Level,
    Load,
    Loss,
    Outage,
    Persistence,
    Profile,
    Rollout,
    Scale,
)
from kubeproof.profile.journeys import Journey, JourneyStep

PRICES = Config("ConfigMap", "prices", ("tax",), (("tax", "7"),))


def workload(
    name: str, port: int, *probes: Probe, kind: str = "Deployment", replicas: int = 2, reads: tuple[Config, ...] = ()
) -> Workload:
    """A workload of one container that listens on one port, and has all that it `reads` as variables."""
    labels = (("role", name),)
    taken = tuple(Reference(config.kind, config.name, None, "containers[0].envFrom[0]") for config in reads)
    container = Container(name, f"{name}:1", (Port("http", port),), probes, references=taken)
    return Workload(kind, name, labels, labels, replicas, (container,), progress_deadline=60)


SHOP = workload(
    "shop", 7000, Probe("liveness", "/", 7000, 5, 1, 3), Probe("readiness", "/", 7000, 5, 1, 2), reads=(PRICES,)
)
LEDGER = workload("ledger", 7001, kind="StatefulSet", replicas=1)
ONE_A_MINUTE = ScalingRules((ScalingRule("Pods", 1, 60.0),), 0.0)
SYSTEM = System(
    namespace="market",
    workloads=(SHOP, LEDGER),
    services=(
        Service("shop", (("role", "shop"),), (ServicePort(None, 80, 7000),)),
        Service("ledger", (("role", "ledger"),), (ServicePort(None, 7001, 7001),)),
    ),
    autoscalers=(
        Autoscaler("shop", "shop", 2, 5, (Utilisation("cpu", 70), Utilisation("memory", 80)), up=ONE_A_MINUTE),
    ),
    configs=(PRICES,),
    documents=(
        {
            "kind": "Ingress",
            "metadata": {"name": "front"},
            "spec": {
                "rules": [
                    {
                        "host": "shop.example",
                        "http": {
                            "paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop"}}}]
                        },
                    }
                ]
            },
        },
        {
            "kind": "HTTPRoute",
            "metadata": {"name": "front"},
            "spec": {"hostnames": ["shop.example"], "rules": [{"backendRefs": [{"name": "shop"}]}]},
        },
    ),
)
PROFILE = Profile(
    system="market",
    namespace="market",
    allowed=(AllowedPair("shop", "ledger"),),
    dependencies=(
        Dependency("shop", "ledger", 15.0, tuple(Outage(loss, 20.0, liveness=0.1, answers=1.0) for loss in Loss)),
    ),
    entries=(Entry("shop", "shop", "/", 200, host="shop.example"),),
    journeys=(
        Journey(
            "buy",
            (
                JourneyStep("POST", "shop", "/things", 201, {"name": "cup"}, save=(("id", "id"),)),
                JourneyStep("GET", "shop", "/things/{id}", 200, contains={"id": "{id}", "name": "cup"}),
                JourneyStep("GET", "shop", "/things", 200, lists={"name": "cup"}),
            ),
        ),
        Journey("write", (JourneyStep("POST", "shop", "/things", 201, {"name": "kept"}, save=(("id", "id"),)),)),
        Journey("read", (JourneyStep("GET", "shop", "/things/{id}", 200, contains={"name": "kept", "id": "{id}"}),)),
    ),
    persistence=(Persistence("ledger", "write", "read"),),
    backups=(Backup("ledger", "save", "bring-back", 60.0, "write", "read"),),
    scales=(Scale("shop", 2, 5, 4, 240.0, Load("shop", "/", 20, 20)),),
    levels=(Level("shop", 0.0, 1.0, 10.0),),
    rollout=Rollout(20),
)
