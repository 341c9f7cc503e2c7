"""Whether the pods that lines name are those that the watch of pods told of, by name and by uid."""

from collections.abc import Iterator

from kubeproof.evidence.questions import Lines, of_kind
from kubeproof.evidence.reading import Line

# Our own pods, of which some live in a namespace that nobody watches.
OURS = frozenset({"client", "stranger", "listener", "walled"})


def unheard_of(lines: Lines) -> str | None:
    """Why a line of one observation tells of a pod that no `pod` line does, or two such lines disagree; or None."""
    uids: dict[object, Line] = {}
    for line in of_kind(lines, "pod"):
        first = uids.setdefault(line.get("uid"), line)
        if (first.get("name"), first.get("workload")) != (line.get("name"), line.get("workload")):
            return f"lines {first.number} and {line.number} are of one uid, and of two pods"
    for line in lines:
        for name, uid in _named(line):
            if uid not in uids or uids[uid].get("name") != name:
                return f"line {line.number} tells of a pod {name} of uid {uid}, and no pod line does"
        if line.kind == "marker":
            for planned in line.data.get("uids") or ():
                if planned not in uids:
                    return f"line {line.number} plans for a pod of uid {planned}, and no pod line tells of one"
    return None


def _named(line: Line) -> Iterator[tuple[object, object]]:
    """Name and uid of each pod of the system that a line says it asked, or asked from."""
    if line.kind == "asked":
        yield line.get("pod"), line.get("uid")
    elif line.kind == "held.end" or (line.kind == "request" and line.get("to") is not None):
        yield line.get("to"), line.get("uid")
    elif line.kind in ("reach", "name"):
        for end in ("source", "target"):
            if end in line.data and line.get(end) not in OURS:
                yield line.get(f"{end}_pod"), line.get(f"{end}_uid")
