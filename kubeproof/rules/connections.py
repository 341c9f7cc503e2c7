"""What the pods of all workloads open to one database, in the worst minute of a rollout."""

from collections.abc import Iterator
from math import ceil

from kubeproof.manifests.quantities import share
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import most, resolved
from kubeproof.rules.rule import Finding, Rule, judged, untold


def examine_connections(system: System, profile: Profile) -> Iterator[Finding]:
    """Every database: what all who connect to it open in the worst minute of a rollout at the maximum."""
    for database in dict.fromkeys(promise.database for promise in profile.connections):
        users = [promise for promise in profile.connections if promise.database == database]
        taken = resolved(system, database, users[0].most)  # a profile in which they differ is refused
        total, terms, lost = 0.0, [], []
        for user in users:
            workload = system.workload(user.workload)
            per_pod = resolved(system, user.workload, user.per_pod)
            if workload is None or per_pod is None:
                lost.append(user.workload)
                continue
            pods, why = pods_connected(system, workload)
            total += per_pod * pods
            terms.append(f"{user.workload} {per_pod:g} x {pods} pods ({why})")
        reserved = users[0].reserved
        found = f"{total:g} connections: {', '.join(terms) or 'nobody'}"
        if taken is None or lost:
            missing = ", ".join(lost) or str(users[0].most)
            found = f"{found}; not known: {missing}"
            yield untold(database, "connections", found, "numbers that are known", "tell them in [[connections]]")
            continue
        wanted = f"less than {taken - reserved:g} ({taken:g} without {reserved} in reserve)"
        fix = "open fewer connections a pod, have fewer pods, or raise what the database takes"
        yield judged(total < taken - reserved, database, "connections", found, wanted, fix)


def pods_connected(system: System, workload: Workload) -> tuple[int, str]:
    """
    How many pods of a workload may hold connections at once, and how that comes about.

    In a rollout the old pods go on for their grace while the new ones serve: at most `surge` more than wanted are
    not yet told to go, and besides those there are the ones that end. There are never more than old and new together.
    """
    top = most(system, workload)
    if workload.kind != "Deployment":
        return top, f"{top} at most"
    if workload.strategy.kind == "Recreate":
        return top, f"{top} at most, all ended before the new begin"
    surge = share(workload.strategy.surge, top, up=True) or 0
    gone = share(workload.strategy.unavailable, top, up=False) or 0
    # A new pod must be ready for so long before an old one goes: so many may end within one grace.
    turns = ceil(workload.grace_seconds / workload.min_ready) if workload.min_ready else top
    ending = min(top, turns * max(surge + gone, 1))
    pods = min(top + surge + ending, 2 * top)
    return pods, f"{top} + surge {surge} + ending {ending}" + (f", at most 2 x {top}" if pods == 2 * top else "")


CONNECTIONS = Rule(
    name="static.connections",
    law="all pods of a rollout at the maximum open fewer connections than the database takes",
    source="postgresql.org, Connections and Authentication: max_connections",
    examine=examine_connections,
    nothing="the profile describes no connections to a database",
)
