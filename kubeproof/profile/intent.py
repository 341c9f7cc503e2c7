"""
The values of kubeproof.toml: what the architecture says, independent of the manifests.

Each is one table of the file; `Profile` has them all, `intent_reading` reads them. The numbers that the manifests must
say are in `numbers`, the requests of journeys in `journeys`. JSON bodies of requests are not hashable; all else is.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from kubeproof.manifests.labels import Labels
from kubeproof.profile.journeys import Journey
from kubeproof.profile.numbers import Chain, Connections, Drain, IntendedWorkload


@dataclass(frozen=True)
class Image:
    """
    An image that the embedded cluster builds and loads; its paths are relative to the profile.

    What its Dockerfile copies is in `context`. Python packages for it are those of a dependency group of the context's
    pyproject.toml, or of a requirements file. `base` is one that the embedded cluster makes, None for the Dockerfile's.
    """

    name: str
    dockerfile: str
    context: str = "."
    group: str | None = None
    requirements: str | None = None
    base: str | None = None


@dataclass(frozen=True)
class AllowedPair:
    """This source may connect to this target."""

    source: str
    target: str


class Loss(Enum):
    """How a database is lost: it refuses connections, it is frozen, or the network drops its packets both ways."""

    REFUSED = "refused"
    FROZEN = "frozen"
    BLACK_HOLED = "black-holed"


@dataclass(frozen=True)
class Outage:
    """
    What is promised of a workload while its database is lost in one way, all in seconds.

    The loss `lasts` so long; meanwhile 99 of 100 liveness probes are answered within `liveness` and as many requests
    within `answers`. Requests are answered by one of `statuses`, by any 5xx where it names none. How soon every pod
    serves again is in the workload's Level.
    """

    kind: Loss
    lasts: float
    liveness: float
    answers: float
    statuses: tuple[int, ...] = ()

    def says_so(self, status: float) -> bool:
        """Whether this status of a request is one that the loss may be answered by."""
        return status in self.statuses if self.statuses else 500 <= status < 600


@dataclass(frozen=True)
class Dependency:
    """This workload leaves its Services within so many seconds of losing that database."""

    workload: str
    database: str
    within: float
    outages: tuple[Outage, ...] = ()

    def outage(self, kind: Loss) -> Outage | None:
        """What is promised of this kind of loss, or None."""
        return next((outage for outage in self.outages if outage.kind is kind), None)


@dataclass(frozen=True)
class Entry:
    """
    Where traffic enters: a request for `path` on `service` reaches `workload` and answers `expect`.

    `host` is the name under which it does so from outside as well, None when it is not reached from there.
    """

    workload: str
    service: str
    path: str
    expect: int
    host: str | None = None
    method: str = "GET"
    body: Any = None


@dataclass(frozen=True)
class Persistence:
    """
    What the journey `write` wrote is read by `read` after every pod of the workload was deleted and others came.

    Capacity, mode and class are what its claim asks of storage, None where the architecture does not say.
    """

    workload: str
    write: str
    read: str
    capacity: str | None = None
    mode: str | None = None
    storage_class: str | None = None


@dataclass(frozen=True)
class Backup:
    """
    What the journey `write` wrote is read by `read` after the workload lost its volumes, from a backup made in between.

    `backup` and `restore` are CronJobs: a Job made from `backup` backs up, a Job made from `restore` restores, each
    within so many seconds.
    """

    workload: str
    backup: str
    restore: str
    within: float
    write: str
    read: str


@dataclass(frozen=True)
class Load:
    """
    The load that must make a workload grow: so many users on one path.

    It counts as offered while `rate` requests a second are served, and at most the share `failures` of all fails.
    """

    service: str
    path: str
    users: int
    rate: int
    failures: float = 0.01


@dataclass(frozen=True)
class Scale:
    """Under `load` `metric` rises: the workload reaches `target` replicas `within` seconds, never out of its bounds."""

    workload: str
    minimum: int
    maximum: int
    target: int
    within: float
    load: Load
    metric: str = "cpu"


@dataclass(frozen=True)
class Rollout:
    """How many requests of each connection kind a rollout must have seen before it can be called lossless."""

    minimum_requests: int = 500


@dataclass(frozen=True)
class Neighbour:
    """A namespace that policies refer to and the manifests do not make; its labels but for the one with its name."""

    namespace: str
    labels: Labels = ()


@dataclass(frozen=True)
class Level:
    """What callers of a workload are promised: the share of requests that may fail, and seconds."""

    workload: str
    loss: float
    p99: float
    recovery: float


@dataclass(frozen=True)
class Profile:
    """The whole intent; overlays are (name, folder) relative to the profile's own folder."""

    system: str
    namespace: str
    overlays: tuple[tuple[str, str], ...] = ()
    images: tuple[Image, ...] = ()
    allowed: tuple[AllowedPair, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    entries: tuple[Entry, ...] = ()
    journeys: tuple[Journey, ...] = ()
    persistence: tuple[Persistence, ...] = ()
    backups: tuple[Backup, ...] = ()
    scales: tuple[Scale, ...] = ()
    rollout: Rollout = Rollout()
    pod_security: str | None = None
    provided: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    workloads: tuple[IntendedWorkload, ...] = ()
    drains: tuple[Drain, ...] = ()
    chains: tuple[Chain, ...] = ()
    connections: tuple[Connections, ...] = ()
    levels: tuple[Level, ...] = ()

    @property
    def callers(self) -> tuple[str, ...]:
        """The workloads that may open a connection to another, and so look up its name; each once."""
        return tuple(dict.fromkeys(pair.source for pair in self.allowed))

    def intended(self, workload: str) -> IntendedWorkload | None:
        """The numbers of that workload, or None."""
        return next((w for w in self.workloads if w.name == workload), None)

    def overlay(self, name: str) -> str | None:
        """The folder of the overlay of that name, or None."""
        return dict(self.overlays).get(name)

    def journey(self, name: str) -> Journey | None:
        """The journey of that name, or None."""
        return next((j for j in self.journeys if j.name == name), None)

    def level(self, workload: str) -> Level | None:
        """What callers of this workload are promised, or None."""
        return next((level for level in self.levels if level.workload == workload), None)

    def dependency(self, workload: str, database: str) -> Dependency | None:
        """What is promised of this workload without that database, or None."""
        return next((d for d in self.dependencies if (d.workload, d.database) == (workload, database)), None)

    def entry(self, workload: str) -> Entry | None:
        """The entry of that workload, or None."""
        return next((e for e in self.entries if e.workload == workload), None)

    def scale(self, workload: str) -> Scale | None:
        """The promise of growth of that workload, or None."""
        return next((s for s in self.scales if s.workload == workload), None)

    def persistence_of(self, workload: str) -> Persistence | None:
        """The promise of persistence of that workload, or None."""
        return next((p for p in self.persistence if p.workload == workload), None)

    def backup(self, workload: str) -> Backup | None:
        """The promise that a backup of that workload brings its data back, or None."""
        return next((b for b in self.backups if b.workload == workload), None)
