"""
Which corruptions survive, each with the reason why: KIND/FIELD: what was done to it; KIND alone is the line as a whole.

Whatever is named here and does not survive fails the tests as well: a hole that was closed is taken out.
"""

Reasons = dict[str, str]
Key = tuple[str, str, str]

# What may survive: no law is broken in such a world.
LEGITIMATE: Reasons = {
    "± the distance to a neighbour: nothing is decided between them": """
        asked: after its neighbour, before its neighbour
        asked.end: before its neighbour
        autoscaler: after its neighbour, before its neighbour
        bookmark: before its neighbour
        endpoints: after its neighbour, before its neighbour
        entrance: after its neighbour
        event: after its neighbour, before its neighbour
        greeted: after its neighbour, before its neighbour
        held.end: after its neighbour, before its neighbour
        ledger.end: after its neighbour, before its neighbour
        load: after its neighbour, before its neighbour
        marker: after its neighbour, before its neighbour
        metrics: after its neighbour, before its neighbour
        name: after its neighbour, before its neighbour
        need: after its neighbour
        pod: after its neighbour, before its neighbour
        reach canary: after its neighbour, before its neighbour
        reach control: after its neighbour, before its neighbour
        request: after its neighbour, before its neighbour
        route: after its neighbour
        step: after its neighbour
    """,
    "slack below a bound": """
        asked/seconds: more, zero
        greeted/seconds: more, much more, zero
        job/seconds: more, zero
        marker/seconds: more, much more, zero
        reach canary/seconds: more, much more, zero
        reach cell/seconds: more, much more, zero
        reach control/seconds: more, much more, zero
        request/seconds: more, zero
        route/seconds: more, much more, zero
        step/seconds: more, much more, zero
    """,
    "redundant: other lines of the same observation say it, or it counts all of them whenever it is written": """
        asked.end: an hour later, to the begin
        autoscaler: an hour later, dropped, to the end
        autoscaler/cpu: more, much more, negative, null, zero
        autoscaler/current: more, much more, negative, null, zero
        autoscaler/desired: null
        autoscaler/memory: more, much more, negative, null, zero
        autoscaler/target: null, other
        bookmark: an hour later, dropped, to the begin
        bookmark/caught: flipped, null
        bookmark/watch: null, other, that of another line
        endpoints: to the begin, to the end
        endpoints/ready: one more
        endpoints/serving: emptied, null, one more
        endpoints/terminating: null, one more
        event: an hour later, dropped, to the begin, to the end
        event/reason: null, other
        greeted: an hour later, dropped, to the begin, to the end
        greeted/outcome: null, other, that of another line
        greeted/port: more, much more, negative, null, zero
        greeted/seconds: null
        held.end: an hour later, dropped, to the begin, to the end
        ledger.end: an hour later, to the begin, to the end
        load: an hour later, dropped, to the end
        load/cpu: more, much more, negative, null, zero
        load/requests: more, much more, null, zero
        load/users: more, much more, negative, null, zero
        metrics: an hour later, dropped, to the begin, to the end
        metrics/error: some number, some text
        metrics/oldest: more, null, zero
        metrics/pods: emptied, null, one more
        metrics/workload: null, other
        name: an hour later, to the begin, to the end
        need: an hour later, to the end
        reach canary: an hour later, dropped, to the begin, to the end
        reach canary/outcome: null, other, that of another line
        reach canary/port: more, much more, negative, null, zero
        reach canary/role: null, other, that of another line
        reach canary/seconds: null
        reach canary/source: null, other, that of another line
        reach canary/target: null, other, that of another line
        reach control: an hour later, dropped, to the begin, to the end
        reach control/outcome: null, other, that of another line
        reach control/port: more, much more, negative, null, zero
        reach control/role: null, other, that of another line
        reach control/seconds: null
        reach control/source: null, other, that of another line
        reach control/target: null, other, that of another line
    """,
    "said twice, which says no more": """
        autoscaler: duplicated
        bookmark: duplicated
        endpoints: duplicated
        entrance: duplicated
        event: duplicated
        greeted: duplicated
        held.end: duplicated
        job: duplicated
        load: duplicated
        marker: duplicated
        metrics: duplicated
        name: duplicated
        need: duplicated
        pod: duplicated
        reach canary: duplicated
        reach cell: duplicated
        reach control: duplicated
        step: duplicated
        workload: duplicated
    """,
    "not judged: for people, or the same is judged by another field": """
        bookmark/version: null, other
        entrance/says: null, other
        event/count: more, much more, null, zero
        event/object: null, other, that of another line
        event/says: null, other
        greeted/says: null, other
        held.end/at: more, much more, negative, null, zero
        held.end/busy: emptied, null, one more
        held.end/how: null, other, that of another line
        held.end/requests: more, much more, null, zero
        held.end/to: null, other, that of another line
        job/says: null, other
        marker/at: null, other
        marker/attempts: more, much more, negative, zero
        marker/before: null, other
        marker/says: null, other, that of another line
        marker/unsettled: null, one more
        name/source_pod: null, other, that of another line
        need/says: null, other
        pod/ip: null, other, that of another line
        pod/node: null, other
        reach canary/says: null, other, that of another line
        reach canary/source_pod: null, other, that of another line
        reach canary/target_pod: null, other, that of another line
        reach cell/says: null, other, that of another line
        reach cell/source_pod: null, other, that of another line
        reach cell/target_pod: null, other, that of another line
        reach control/says: null, other, that of another line
        reach control/source_pod: null, other, that of another line
        reach control/target_pod: null, other, that of another line
        request/phase: some number, some text
        route/location: some number, some text
        step/saved: null
        workload/object_kind: null, other
    """,
    "a count of a moment: the pods themselves are seen, and the last count is held to them": """
        workload: after its neighbour, an hour later, before its neighbour, dropped, to the begin, to the end
        workload/available: more, much more, negative, null, zero
        workload/desired: more, much more, negative, null, zero
        workload/generation: more, much more, negative, null, zero
        workload/name: null, other
        workload/observed: more, much more, negative, null, zero
        workload/ready: more, negative, null, zero
        workload/updated: more, much more, negative, null, zero
    """,
}

# What survives and should not, or not everywhere: to be closed, or shown to be harmless line by line.
OPEN: Reasons = {
    "its place among what we did is not held to": """
        asked: an hour later, to the begin, to the end
        marker: an hour later, to the begin, to the end
        pod: an hour later, to the begin, to the end
        request: an hour later, to the begin, to the end
        route: an hour later
        step: an hour later, to the begin, to the end
    """,
    "one line of several, and not compared": """
        asked/error: some number, some text
        asked/question: that of another line
        marker: dropped
        marker/claims: one more
        marker/objects: one more
        pod: dropped
        pod/deleted: flipped
        pod/name: other, that of another line
        pod/ready: flipped
        pod/revision: other, that of another line
        pod/workload: other, that of another line
        request/to: some number, some text
        step/body: emptied
    """,
    "one of many, of which a share may be anything, or a value as good as the other": """
        asked/status: more, much more, null, zero
        load/failures: more, much more, null, zero
        request/pod: null, that of another line
        route/pod: that of another line
        route/status: more
    """,
    "not compared with what the pod lines say": """
        event/uid: null, other, that of another line
        held.end/uid: null, other
        marker/uids: emptied, null, one more
        name/source_uid: null, other, that of another line
    """,
    "a pod that we end, and plan to: who ends it is known, not how it ended": """
        pod/gone: flipped
        pod/restarts: more, much more
    """,
    "null, where a value is: not refused by the reader": """
        pod/name: null
        pod/ready: null
        pod/revision: null
        pod/workload: null
        reach cell/seconds: null
        route/seconds: null
        step/body: null
        step/seconds: null
    """,
    "a line of a pod that another line tells of as well": """
        pod/uid: that of another line
    """,
    "one of several controls, of which the others hold": """
        reach canary/source_uid: null, other, that of another line
        reach canary/target_uid: null, other, that of another line
        reach control/source_uid: null, other, that of another line
        reach control/target_uid: null, other, that of another line
    """,
    "the cell's own pod is not compared, or the time is within the bound of its control": """
        reach cell: after its neighbour, to the end
        reach cell/source_uid: null, other, that of another line
    """,
}


def keys(table: Reasons) -> set[Key]:
    """All that a table names: kind, field, operation."""
    found: set[Key] = set()
    for text in table.values():
        for entry in _entries(text):
            what, _, operations = entry.partition(": ")
            kind, _, field = what.partition("/")
            found |= {(kind, field, operation) for operation in operations.split(", ")}
    return found


def _entries(text: str) -> list[str]:
    """The entries of a reason, each on one line: what is set further in goes on with the one before."""
    entries: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        if line.startswith(" " * 12):
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
    return entries
