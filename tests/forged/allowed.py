"""
Which corruptions survive, each with the reason why: KIND/FIELD: what was done to it; KIND alone is the line as a whole.

Of one line of each role (`representing` of survival.py). Whatever is named here and does not survive fails the tests as
well: a hole that was closed is taken out.
"""

Reasons = dict[str, str]
Key = tuple[str, str, str]

# A reason that begins so names what says the same.
REDUNDANT = "redundant"
ALLOWED: Reasons = {
    "± the distance to a neighbour: nothing is decided between them": """
        asked: after its neighbour, before its neighbour
        asked.end: before its neighbour
        autoscaler: after its neighbour, before its neighbour
        bookmark: before its neighbour
        endpoints: after its neighbour
        entrance: after its neighbour
        event: after its neighbour, before its neighbour
        greeted: after its neighbour, before its neighbour
        held.end: after its neighbour, before its neighbour
        ledger.end: after its neighbour, before its neighbour
        marker: after its neighbour, before its neighbour
        metrics: after its neighbour, before its neighbour
        name: before its neighbour
        need: after its neighbour
        pod: after its neighbour, before its neighbour
        reach canary: before its neighbour
        reach control: after its neighbour
        request: after its neighbour, before its neighbour
    """,
    "slack below a bound": """
        asked/seconds: more, zero
        greeted/seconds: more, much more, zero
        job/seconds: more, zero
        marker/seconds: more, much more, zero
        reach canary/seconds: more, much more, zero
        reach cell/seconds: more, much more
        reach control/seconds: more, much more, zero
        request/seconds: more, zero
        route/seconds: more, much more, zero
        step/seconds: more, much more, zero
    """,
    "said twice, which says no more": """
        autoscaler: duplicated
        bookmark: duplicated
        endpoints: duplicated
        entrance: duplicated
        event: duplicated
        greeted: duplicated
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
        bookmark/version: other
        entrance/says: other
        event/count: more, much more, zero
        event/object: other, that of another line
        event/says: null, other
        greeted/says: other
        held.end/at: more, much more, zero
        held.end/busy: emptied
        held.end/how: other, that of another line
        held.end/requests: more, much more, zero
        job/says: other
        marker/at: other
        marker/attempts: more, much more, zero
        marker/before: null, other
        marker/says: other, that of another line
        need/says: other
        pod/ip: null, other
        pod/node: null, other
        reach canary/says: other, that of another line
        reach canary/source_pod: other, that of another line
        reach canary/target_pod: other, that of another line
        reach cell/says: other
        reach control/says: other, that of another line
        reach control/source_pod: other, that of another line
        route/location: some text
        workload/object_kind: other
    """,
    "a count of a moment: the pods themselves are seen, and the last count is held to them": """
        workload: after its neighbour, before its neighbour, to the begin, to the end
    """,
    "redundant: other lines of the same observation say it, or it counts all of them whenever it is written": """
        asked.end: an hour later, to the begin
        autoscaler: an hour later, dropped, to the end
        autoscaler/cpu: more, much more, null, zero
        autoscaler/current: more, much more, null, zero
        autoscaler/memory: more, much more, null, zero
        autoscaler/target: other
        bookmark: an hour later, dropped, to the begin
        bookmark/caught: flipped
        bookmark/watch: other, that of another line
        endpoints/ready: one more
        endpoints/serving: emptied, one more
        endpoints/terminating: one more
        event: an hour later, to the end
        greeted: an hour later, dropped, to the begin, to the end
        greeted/outcome: that of another line
        greeted/port: more, much more, zero
        held.end: an hour later, dropped, to the begin, to the end
        ledger.end: an hour later, to the begin, to the end
        load/cpu: more, zero
        load/requests: more
        metrics/error: some text
        metrics/oldest: more, zero
        metrics/pods: emptied, one more
        name: an hour later, to the begin
        need: an hour later, to the end
        reach canary: an hour later, dropped, to the begin
        reach canary/outcome: that of another line
        reach canary/port: more, much more, zero
        reach canary/role: that of another line
        reach canary/source: that of another line
        reach control: an hour later, dropped, to the begin, to the end
        reach control/outcome: that of another line
        reach control/port: more, much more, zero
        reach control/role: that of another line
        reach control/source: that of another line
        reach control/target: other, that of another line
    """,
    "redundant: answers are told by their sender's clock, a pod's state by its other lines and its workload": """
        asked: an hour later, to the end
        pod: an hour later, dropped, to the begin, to the end
        request: an hour later, to the end
        route: an hour later
    """,
    "redundant: the other totals of the load, each second's, say the same": """
        load/failures: more
    """,
    "redundant: one of many requests, of which the others name each pod that answers": """
        request/pod: null, that of another line
        route/pod: that of another line
    """,
    "redundant: several canaries and controls are about each attempt, and the others hold": """
        reach canary/source_uid: other, that of another line
        reach canary/target_uid: other, that of another line
        reach control/source_uid: other, that of another line
    """,
    "redundant: its controls are within the bound there as well": """
        reach cell: after its neighbour, to the end
    """,
    "redundant: the marker says that we end this pod; how it goes is told by its other lines, and decides nothing": """
        pod/deleted: flipped
        pod/gone: flipped
        pod/ready: flipped
        pod/restarts: more, much more
    """,
    "not judged by itself: what our deed did is told by lines of pods, of the load and of answers": """
        marker: an hour later, dropped, to the begin, to the end
        marker/objects: one more
    """,
    "not judged: another name in a pod's only line, or what its containers said on the way to Ready": """
        pod/ended: one more
        pod/name: other, that of another line
        pod/phase: null, other
        pod/revision: some text
        pod/waiting: one more
    """,
    "one of many answers, in which the schedule of its sender has room": """
        request/intended: zero
        request/sent: more
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
