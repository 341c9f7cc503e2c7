"""Whether the fields of a profile agree with each other; raises ProfileError at the first that does not."""

from pathlib import Path

from kubeproof.manifests.quantities import amount
from kubeproof.profile.intent import Backup, Persistence, Profile
from kubeproof.profile.numbers import Connections
from kubeproof.profile.tables import ProfileError


def refuse_contradictions(profile: Profile, path: Path | str) -> None:
    """Raise on the first field that contradicts another, names what is not there, or is empty; `path` is its file."""
    for refuse in (
        _refuse_twice,
        _refuse_quantities,
        _refuse_empty,
        _refuse_bounds,
        _refuse_two_sizes,
        _refuse_dangling,
    ):
        refuse(profile, path)


def _refuse_twice(profile: Profile, path: Path | str) -> None:
    """Two tables about one workload: the second would be ignored."""
    about: dict[str, list[tuple[str, ...]]] = {
        "workloads": [(workload.name,) for workload in profile.workloads],
        "dependencies": [(dependency.workload, dependency.database) for dependency in profile.dependencies],
        "drains": [(drain.workload,) for drain in profile.drains],
        "levels": [(level.workload,) for level in profile.levels],
        "scales": [(scale.workload,) for scale in profile.scales],
    }
    for table, names in about.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                problem = f"{' and '.join(name)} is in {table}[{names.index(name)}] as well"
                raise ProfileError(path, f"{table}[{index}]", problem)


def _refuse_quantities(profile: Profile, path: Path | str) -> None:
    """A text that is no quantity could equal nothing in a manifest."""
    texts = [
        (f"workloads[{n}].{field}", text)
        for n, workload in enumerate(profile.workloads)
        for field, text in (
            *((f"requests.{name}", quantity) for name, quantity in workload.requests),
            *((f"limits.{name}", quantity) for name, quantity in workload.limits),
            ("idle_memory", workload.idle_memory),
        )
    ]
    texts += [(f"persistence[{n}].capacity", promise.capacity) for n, promise in enumerate(profile.persistence)]
    for field, text in texts:
        if text is not None and amount(text) is None:
            raise ProfileError(path, field, f"must be a quantity such as 128Mi or 100m, is {text!r}")


def _refuse_empty(profile: Profile, path: Path | str) -> None:
    for index, journey in enumerate(profile.journeys):
        if not journey.steps:
            raise ProfileError(path, f"journeys[{index}].steps", "a journey without steps proves nothing")
    for index, chain in enumerate(profile.chains):
        if len(chain.order) < 2:
            raise ProfileError(path, f"timeouts[{index}].order", "needs at least two time-outs to compare")


def _refuse_bounds(profile: Profile, path: Path | str) -> None:
    for index, scale in enumerate(profile.scales):
        if not scale.minimum < scale.target <= scale.maximum:
            problem = f"{scale.target} must be above minimum {scale.minimum}, within {scale.maximum}"
            raise ProfileError(path, f"scales[{index}].target", problem)
        if scale.load.rate < 1:
            raise ProfileError(path, f"scales[{index}].load.rate", "must be at least 1: nothing served is no load")


def _refuse_two_sizes(profile: Profile, path: Path | str) -> None:
    """All tables about one database must agree on `most` and `reserved`: the sum of connections has one limit."""
    first: dict[str, tuple[int, Connections]] = {}
    for index, table in enumerate(profile.connections):
        at, earlier = first.setdefault(table.database, (index, table))
        for field, here, there in (
            ("most", table.most, earlier.most),
            ("reserved", table.reserved, earlier.reserved),
        ):
            if here != there:
                problem = f"{here} for {table.database}, and {there} in connections[{at}]: a database has one"
                raise ProfileError(path, f"connections[{index}].{field}", problem)


def _refuse_dangling(profile: Profile, path: Path | str) -> None:
    """Two journeys of one name, and promises that refer to a journey that is not there."""
    names = [journey.name for journey in profile.journeys]
    for name in names:
        if names.count(name) > 1:
            raise ProfileError(path, "journeys", f"{name!r} is there {names.count(name)} times")
    promises: dict[str, tuple[Persistence | Backup, ...]] = {
        "persistence": profile.persistence,
        "backups": profile.backups,
    }
    for table, made in promises.items():
        for index, promise in enumerate(made):
            for field, name in (("write", promise.write), ("read", promise.read)):
                if name not in names:
                    raise ProfileError(path, f"{table}[{index}].{field}", f"no journey is named {name!r}")
