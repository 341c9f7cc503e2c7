"""A reader for each value of `intent`: it takes a table of kubeproof.toml and describes every field it asks for."""

from collections.abc import Iterable

from kubeproof.profile.intent import (
    AllowedPair,
    Backup,
    Dependency,
    Entry,
    Image,
    Level,
    Load,
    Loss,
    Neighbour,
    Outage,
    Persistence,
    Rollout,
    Scale,
)
from kubeproof.profile.numbers import IntendedWorkload
from kubeproof.profile.tables import Table

METRICS = ("cpu", "memory")  # what an autoscaler's line has a percentage of
BASES = ("debian", "python", "python-pip")  # what the embedded cluster makes without a registry

BASE = (
    "what it is built on in place of its first FROM: `python` is Python 3.11 alone, `python-pip` has pip and a shell "
    "for RUN lines (and no apt), `debian` is PostgreSQL 15 with a shell (default: what FROM names is pulled)"
)


def read_image(t: Table) -> Image:
    """Read one of `images`."""
    return Image(
        t.text("name", "the image as the manifests name it"),
        t.text("dockerfile", "its Dockerfile, relative to this file"),
        t.text("context", "the folder that its Dockerfile copies from, relative to this file", "."),
        t.maybe_text("group", "a dependency group of the context's pyproject.toml: its Dockerfile copies `packages`"),
        t.maybe_text("requirements", "the same from a requirements file, relative to this file"),
        t.choice("base", BASES, BASE),
    )


def read_neighbour(t: Table) -> Neighbour:
    """Read one of `neighbours`."""
    return Neighbour(
        namespace=t.text("namespace", "its name"),
        labels=t.pairs("labels", "its labels, but for the one with its name"),
    )


def read_allowed_pair(t: Table) -> AllowedPair:
    """Read one of `allowed`."""
    return AllowedPair(
        t.text("source", "the workload that opens the connection"), t.text("target", "the workload that receives it")
    )


def read_dependency(t: Table) -> Dependency:
    """Read one of `dependencies`; two promises of one kind of loss are refused."""
    dependency = Dependency(
        t.text("workload", "the workload that needs the database"),
        t.text("database", "the workload it needs"),
        t.seconds("within", "seconds from the loss until its last pod has left"),
        t.tables("outages", _outage, "what is promised meanwhile, one table for each kind of loss"),
    )
    kinds = [outage.kind for outage in dependency.outages]
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            raise t.error(f"outages[{index}].kind", f"{kind.value!r} is promised already")
    return dependency


def _outage(t: Table) -> Outage:
    return Outage(
        Loss(t.one_of("kind", tuple(kind.value for kind in Loss), "how a run takes the database away")),
        t.seconds("lasts", "seconds that a run keeps the database away"),
        t.seconds("liveness", "seconds within which 99 of 100 liveness probes are answered meanwhile"),
        t.seconds("answers", "seconds within which 99 of 100 requests are answered meanwhile"),
        t.wholes("statuses", "the HTTP statuses that requests are answered by meanwhile (default: any 5xx)"),
    )


def read_entry(t: Table) -> Entry:
    """Read one of `entries`."""
    return Entry(
        workload=t.text("workload", "the workload that answers"),
        service=t.text("service", "the Service that leads to it"),
        path=t.text("path", "the path that is asked for"),
        expect=t.whole("expect", "the HTTP status of the answer"),
        host=t.maybe_text("host", "the name under which it is reached from outside the cluster as well"),
        method=t.text("method", "the HTTP method", "GET"),
        body=t.any("body", "the JSON body that is sent"),
    )


def read_persistence(t: Table) -> Persistence:
    """Read one of `persistence`."""
    return Persistence(
        workload=t.text("workload", "the workload with the volume"),
        write=t.text("write", "the journey that writes"),
        read=t.text("read", "the journey that reads it again"),
        capacity=t.maybe_text("capacity", "how much storage it claims"),
        mode=t.maybe_text("mode", "the access mode of the claim"),
        storage_class=t.maybe_text("storage_class", "the StorageClass of the claim"),
    )


def read_backup(t: Table) -> Backup:
    """Read one of `backups`."""
    return Backup(
        workload=t.text("workload", "the workload with the volume"),
        backup=t.text("backup", "the CronJob that makes the backup"),
        restore=t.text("restore", "the CronJob that restores it"),
        within=t.seconds("within", "seconds that a Job of each may take"),
        write=t.text("write", "the journey that writes"),
        read=t.text("read", "the journey that reads it again"),
    )


def read_scale(t: Table, workloads: Iterable[IntendedWorkload]) -> Scale:
    """Read one of `scales`; its bounds are those of the workload's autoscaler unless it says others."""
    workload = t.text("workload", "the workload that grows")
    load = t.table("load", "the load that makes it grow")
    own = next((known.autoscaler for known in workloads if known.name == workload), None)
    bounds = {}
    for field, known, description in (
        ("minimum", own and own.minimum, "the fewest replicas, when not those of the workload's autoscaler"),
        ("maximum", own and own.maximum, "the most replicas, when not those of the workload's autoscaler"),
    ):
        given = t.maybe_whole(field, description)
        if given is None and known is None:
            raise t.error(field, "is missing, here and in an autoscaler of the workload")
        bounds[field] = known if given is None else given
    scale = Scale(
        workload=workload,
        minimum=bounds["minimum"] or 0,
        maximum=bounds["maximum"] or 0,
        target=t.whole("target", "the replicas it reaches under the load"),
        within=t.seconds("within", "seconds from the start of the load to the target"),
        load=_load(load),
        metric=t.choice("metric", METRICS, "the metric that makes it grow (default: cpu)") or METRICS[0],
    )
    load.refuse_unknown()
    return scale


def _load(t: Table) -> Load:
    service = t.text("service", "the Service that is asked")
    path = t.text("path", "the path that is asked for")
    users = t.whole("users", "how many users ask, each without a pause", least=1)
    rate = t.maybe_whole("rate", "requests a second that are served at least, else it was no load (default: `users`)")
    failures = t.share("failures", "the share of requests that may fail, else it was no load", 0.01)
    return Load(service, path, users, users if rate is None else rate, failures)


def read_level(t: Table) -> Level:
    """Read one of `levels`."""
    return Level(
        workload=t.text("workload", "the workload that is called"),
        loss=t.share("loss", "the share of requests that may fail while pods are replaced"),
        p99=t.seconds("p99", "seconds within which 99 of 100 requests are answered, also while pods are replaced"),
        recovery=t.seconds("recovery", "seconds from the end of an outage to the first answer"),
    )


def read_rollout(t: Table) -> Rollout:
    """Read `rollout`."""
    description = "requests of each connection kind that a rollout must have seen before it can be called lossless"
    return Rollout(t.whole("minimum_requests", description, 500, least=1))
