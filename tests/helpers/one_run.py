"""
Histories as parts of one run: the pods that an observation ends with are those that the next begins with.

Each history has pods of its own, a and b of every workload, as if nothing had been before it. In a run they are the
ones that were left: what is there at the begin of a history takes their names and uids, and who is new in it has a name
that nobody had. The pods and workloads that a history does not tell of are as they were.
"""

from collections.abc import Mapping
from typing import Any

Moment = tuple[float, str, dict[str, Any]]
Histories = dict[str, list[Moment]]
# Fields that name a pod by its uid; names of pods are told by themselves.
UIDS = frozenset({"uid", "source_uid", "target_uid", "uids"})


def one_run(histories: Mapping[str, list[Moment]]) -> Histories:
    """The histories, with the pods of each those of the one before."""
    there: dict[str, Moment] = {}  # of the pods that were left: by uid, the last line
    counted: dict[str, Moment] = {}  # of the workloads: by name, the last line
    used: set[str] = set()
    found: Histories = {}
    for of, history in histories.items():
        uids, names = _names(history, there, used)
        if any(was != now for was, now in (*uids.items(), *names.items())):
            history = [(t, kind, _renamed(fields, uids, names)) for t, kind, fields in history]
        pods = _last(history, "pod", "uid")
        workloads = _last(history, "workload", "name")
        untold = [moment for uid, moment in there.items() if uid not in pods]
        untold += [moment for name, moment in counted.items() if name not in workloads]
        found[of] = [*((0.0, kind, fields) for _, kind, fields in untold), *history]
        there |= pods
        there = {uid: moment for uid, moment in there.items() if not (moment[2]["gone"] or moment[2]["deleted"])}
        counted |= workloads
        used |= pods.keys()
    return found


def _last(history: list[Moment], kind: str, key: str) -> dict[str, Moment]:
    """The last line of each object of a kind."""
    return {str(moment[2][key]): moment for moment in history if moment[1] == kind}


def _names(history: list[Moment], there: Mapping[str, Moment], used: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What each uid and each name of a pod becomes: those that are there at the begin the ones that were left."""
    first_deed = min((t for t, kind, _ in history if kind == "marker"), default=float("inf"))
    first: dict[str, Moment] = {}
    for moment in history:
        if moment[1] == "pod":
            first.setdefault(str(moment[2]["uid"]), moment)
    left: dict[Any, list[dict[str, Any]]] = {}
    for moment in there.values():
        left.setdefault(moment[2]["workload"], []).append(moment[2])
    uids, names = {}, {}
    for uid, (t, _, fields) in first.items():
        waiting = left.get(fields["workload"])
        if waiting and t <= first_deed and not fields["gone"]:
            was = waiting.pop(0)
            uids[uid], name = was["uid"], was["name"]
        else:
            uids[uid] = _fresh(uid, used)
            name = f"{fields['name']}{uids[uid].removeprefix(uid)}"
        names.setdefault(fields["name"], name)
    return uids, names


def _fresh(uid: str, used: set[str]) -> str:
    return next(name for n in range(len(used) + 2) if (name := f"{uid}{n or ''}") not in used)


def _renamed(value: Any, uids: Mapping[str, str], names: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        # A claim has a uid too, and is no pod.
        return {key: inner if key == "claims" else _renamed(inner, uids, names, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, uids, names, field) for inner in value]
    if not isinstance(value, str):
        return value
    if field in UIDS:
        return uids.get(value, value)
    kind, slash, name = value.rpartition("/")
    return f"{kind}{slash}{names.get(name, name)}" if kind in ("", "Pod") else value
