"""What the fields of a profile must be to each other; raises ProfileError at the field that is not."""

from pathlib import Path

from kubeproof.manifests.quantities import amount
from kubeproof.profile.intent import Backup, Persistence, Profile
from kubeproof.profile.numbers import Connections
from kubeproof.profile.tables import ProfileError


def refuse_contradictions(profile: Profile, path: Path | str) -> None:
    """Raise on the first field that contradicts another, names what is not there, or means nothing; `path` is told."""
    for refuse in (
        _refuse_twice,
        _refuse_quantities,
        _refuse_empty,
        _refuse_bounds,
        _refuse_routes,
        _refuse_two_sizes,
        _refuse_dangling,
    ):
        refuse(profile, path)


def _refuse_twice(profile: Profile, path: Path | str) -> None:
    """Of two tables about one thing one would be passed over in silence."""
    about: dict[str, list[tuple[str, ...]]] = {
        "workloads": [(each.name,) for each in profile.workloads],
        "dependencies": [(each.workload, each.database) for each in profile.dependencies],
        "drains": [(each.workload,) for each in profile.drains],
        "levels": [(each.workload,) for each in profile.levels],
        "scales": [(each.workload,) for each in profile.scales],
    }
    for table, names in about.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                says = f"{' and '.join(name)} is in {table}[{names.index(name)}] as well"
                raise ProfileError(path, f"{table}[{index}]", says)


def _refuse_quantities(profile: Profile, path: Path | str) -> None:
    """A text that is no quantity would be equal to nothing that a manifest says."""
    texts = [
        (f"workloads[{n}].{field}", text)
        for n, each in enumerate(profile.workloads)
        for field, text in (
            *((f"requests.{name}", quantity) for name, quantity in each.requests),
            *((f"limits.{name}", quantity) for name, quantity in each.limits),
            ("idle_memory", each.idle_memory),
        )
    ]
    texts += [(f"persistence[{n}].capacity", each.capacity) for n, each in enumerate(profile.persistence)]
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
            says = f"{scale.target} must be above minimum {scale.minimum}, within {scale.maximum}"
            raise ProfileError(path, f"scales[{index}].target", says)


def _refuse_routes(profile: Profile, path: Path | str) -> None:
    """What controllers route is shown by plain GETs: an entry of another method would be asked as something else."""
    for index, entry in enumerate(profile.entries):
        if entry.host is not None and (entry.method, entry.body) != ("GET", None):
            raise ProfileError(path, f"entries[{index}].method", "must be GET, without a body, where there is a host")


def _refuse_two_sizes(profile: Profile, path: Path | str) -> None:
    """A database has one size, whoever tells it: of two nobody could say which the sum must stay below."""
    first: dict[str, tuple[int, Connections]] = {}
    for index, each in enumerate(profile.connections):
        at, told = first.setdefault(each.database, (index, each))
        for field, here, there in (
            ("most", each.most, told.most),
            ("reserved", each.reserved, told.reserved),
        ):
            if here != there:
                says = f"{here} for {each.database}, and {there} in connections[{at}]: a database has one"
                raise ProfileError(path, f"connections[{index}].{field}", says)


def _refuse_dangling(profile: Profile, path: Path | str) -> None:
    """A journey named twice, or named by a promise and not there, would be judged as something else."""
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
