"""
What must have been so for a rollout without a loss to mean anything: it was one, and callers were there all along.

Where the observer rolled once more (kubeproof.observe.rollout), because a pod had ended with nothing under way, the
last rollout is meant; requests count in all of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kubeproof.checks.check import Judge, Premise
from kubeproof.evidence.held import NOT_KEPT, exercised, under_way
from kubeproof.evidence.lives import Life, lives
from kubeproof.evidence.questions import Lines, fact, number, of_kind, seconds, texts, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.evidence.request_log import CONNECTIONS, HELD, Request, clock, counted, dense, in_time, read_requests
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Profile
from kubeproof.verdict import Fact, Verdict, merge, passed, unknown

# Seconds by which an answer may seem to be of a pod before it was seen, or after it was gone: a watch tells of a pod
# within a fraction of one, and the sender's clock is known to a fraction.
SEEN = 1.0
EARLY = (
    0.5  # seconds by which a pod may seem to be told to end before its preStop has slept: its deletion was seen late
)


@dataclass(frozen=True)
class Rollout:
    """
    The last rollout of an observation.

    `old` are the pods that it was to replace, `new` those that are there since, `others` those that came and left.
    """

    subject: str
    entry: Entry
    started: Line
    done: Line
    old: tuple[Life, ...]
    new: tuple[Life, ...]
    others: tuple[Life, ...]
    requests: tuple[Request, ...]
    lines: Lines


def _rollout(system: System, profile: Profile, subject: str, lines: Lines) -> Rollout | str:
    """The last rollout, or why there is none to speak of."""
    entry = profile.entry(subject)
    if system.workload(subject) is None or entry is None:
        return f"{subject} is not a workload for which the profile names an entry"
    starts, ends = (of_kind(lines, "marker", says=deed) for deed in ("rollout started", "rollout done"))
    if not starts or not ends or ends[-1].t < starts[-1].t:
        return "no markers say that the rollout began and completed"
    started, meant = starts[-1], set(texts(starts[-1], "uids"))
    found = [life for life in lives(lines, subject) if life.deleted > started.t or life.uid in meant]
    old = tuple(life for life in found if life.uid in meant)
    since = [life for life in found if life.uid not in meant]
    new = tuple(life for life in since if life.deleted > watched_until(lines))
    others = tuple(life for life in since if life not in new)
    if len(old) < len(meant) or not old:
        return f"{len(old)} of {len(meant)} pods that were to be replaced were seen"
    return Rollout(subject, entry, started, ends[-1], old, new, others, read_requests(entry, lines), lines)


def _of(judge: Callable[[Rollout], Verdict]) -> Judge:
    def judged(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
        found = _rollout(system, profile, subject, lines)
        return unknown(found) if isinstance(found, str) else judge(found)

    return judged


def replaced(rollout: Rollout) -> Verdict:
    """Every old pod was Ready and is gone; as many others as are desired are Ready in the end, and no more came."""
    for life in rollout.old:
        if not life.is_ready(rollout.started.t):
            return unknown(f"{life.name} was not seen Ready before", fact(life.lines[0], life.name))
        if life.gone > rollout.done.t:
            return unknown(f"{life.name} was not seen going", fact(life.lines[-1], life.name))
    for life in rollout.others:
        because = f"{life.name} came and left meanwhile: somebody else changes the number of pods"
        return unknown(because, fact(life.lines[-1], because))
    end = watched_until(rollout.lines)
    ready = [life for life in rollout.new if life.is_ready(rollout.done.t) and life.is_ready(end)]
    sizes = of_kind(rollout.lines, "workload", name=rollout.subject)
    desired = number(sizes[-1], "desired") if sizes else None
    if desired is None or not len(ready) == len(rollout.new) == desired:
        wanted = "nobody said how many" if desired is None else f"{desired:.0f}"
        return unknown(f"{len(ready)} of {len(rollout.new)} new pods were Ready in the end, {wanted} are desired")
    last = max(ready, key=lambda life: life.began)
    took = f"{len(rollout.old)} pods replaced in {seconds(rollout.done.t - rollout.started.t)}, the last by {last.name}"
    return passed("replaced", fact(rollout.done, took))


def another_template(rollout: Rollout) -> Verdict:
    """No new pod is of a revision that an old one had."""
    return revisions_differ(rollout.old, rollout.new)


def revisions_differ(old: tuple[Life, ...], new: tuple[Life, ...]) -> Verdict:
    """Whether the pods of the two groups are of templates that differ, as their controller says."""
    silent = [life for life in (*old, *new) if life.revision is None]
    if silent or not old or not new:
        return unknown("no revision was seen of " + (", ".join(life.name for life in silent) or "any pod"))
    before = {life.revision for life in old}
    same = [life for life in new if life.revision in before]
    if same:
        because = f"{same[0].name} is of revision {same[0].revision}, as pods before it"
        return unknown(because, fact(same[0].lines[-1], because))
    message = f"revision {new[-1].revision} after {', '.join(sorted(map(str, before)))}"
    return passed(message, fact(new[-1].lines[-1], message))


def answered(rollout: Rollout) -> Verdict:
    """Each old and each new pod answered: through the Service where answers say who gave them, else by its address."""
    given: dict[str, list[Request]] = {life.uid: [] for life in (*rollout.old, *rollout.new)}
    by_name = _by_name((*rollout.old, *rollout.new))
    for request in rollout.requests:
        if not request.answered:
            continue
        named = [life.uid for life in by_name.get(request.pod, ()) if _there(life, request)]
        for uid in {request.to or "", *named} & given.keys():
            given[uid].append(request)
    through = {uid for uid, some in given.items() if any(request.connection in CONNECTIONS for request in some)}
    says_who = any(request.pod for request in rollout.requests if request.connection in CONNECTIONS)
    for group, pods in (("old", rollout.old), ("new", rollout.new)):
        silent = [life.name for life in pods if not given[life.uid]]
        if silent or not pods:
            return unknown(f"no answer of {', '.join(silent) or f'any {group} pod'} was seen")
        if says_who and not through & {life.uid for life in pods}:
            return unknown(f"no {group} pod answered through the Service")
    way = "some of each through the Service" if says_who else "by their own addresses, for no answer says whose it is"
    message = f"{len(rollout.old)} old and {len(rollout.new)} new pods answered, {way}"
    return passed(message, Fact(given[rollout.new[-1].uid][0].line, message))


def nobody_else(rollout: Rollout) -> Verdict:
    """Every answer that names a pod names one of the workload that was there, and the one that was addressed."""
    pods = lives(rollout.lines, rollout.subject)
    by_name, names = _by_name(pods), {life.uid: life.name for life in pods}
    for request in rollout.requests:
        if request.pod is None:
            continue
        mine = by_name.get(request.pod, ())
        because = None
        if not mine:
            because = f"{request.pod} answered, which is no pod of {rollout.subject}"
        elif not any(_there(life, request) for life in mine):
            because = f"{request.pod} answered {seconds(request.at)} into the run, when it was not there"
        elif request.to is not None and names.get(request.to) != request.pod:
            because = f"{request.pod} answered at the address of {names.get(request.to, 'another pod')}"
        if because:
            return unknown(because, Fact(request.line, because))
    named = [request for request in rollout.requests if request.pod]
    if not named:
        return passed("no answer names a pod", fact(rollout.done, "no answer says which pod gave it"))
    return passed("only its own", Fact(named[-1].line, f"{len(named):,} answers, all of pods of {rollout.subject}"))


def _by_name(pods: Iterable[Life]) -> dict[str | None, tuple[Life, ...]]:
    """Those of each name: a StatefulSet gives the same name again."""
    found: dict[str | None, tuple[Life, ...]] = {}
    for life in pods:
        found[life.name] = (*found.get(life.name, ()), life)
    return found


def _there(life: Life, request: Request) -> bool:
    return life.began - SEEN <= request.at <= life.gone + SEEN


def logged(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """The request log is whole: all that was sent is in it, and the whole rollout is covered."""
    entry = profile.entry(subject)
    if system.workload(subject) is None or entry is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry")
    requests = read_requests(entry, lines)
    whole = [counted(connection, requests, lines) for connection in (*CONNECTIONS, HELD)]
    return merge([*whole, *(dense(profile, connection, requests, lines) for connection in CONNECTIONS)])


def on_time(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """What was due was sent when it was due."""
    entry = profile.entry(subject)
    if system.workload(subject) is None or entry is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry")
    requests = read_requests(entry, lines)
    return merge([in_time(connection, requests) for connection in CONNECTIONS])


def all_sent(rollout: Rollout) -> Verdict:
    """Nothing failed on the probe's side: whether it would have been answered is not known."""
    for request in rollout.requests:
        if request.own is not None:
            return unknown(request.own, Fact(request.line, request.own))
    sent = f"{len(rollout.requests):,} requests sent"
    return passed(sent, fact(rollout.done, sent))


def all_under_way(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """At the end of each old pod requests were under way on connections that were open until then."""
    rollout, workload = _rollout(system, profile, subject, lines), system.workload(subject)
    if isinstance(rollout, str) or workload is None:
        return unknown(str(rollout))
    service = system.service(rollout.entry.service)
    if service is None:
        return unknown(f"the manifests have no Service {rollout.entry.service}")
    slept = workload.signalled_after(service.ports[0].target)
    distance = clock(lines)
    return merge([_under_way(rollout, life, slept, distance) for life in rollout.old])


def _under_way(rollout: Rollout, life: Life, slept: float | None, distance: float) -> Verdict:
    ends = [line for line in of_kind(rollout.lines, "held.end", uid=life.uid) if line.t > rollout.started.t]
    firsts = [request for request in rollout.requests if request.connection == HELD and request.to == life.uid]
    times = [at for line in ends if (at := number(line, "at")) is not None]
    if not times or len(firsts) < len(ends):
        return unknown(f"no connection to {life.name} was held")
    last, facts = ends[-1], [fact(line, f"{life.name}: {line.get('how')}") for line in ends]
    if not exercised(line.data for line in ends):
        share = under_way(line.data for line in ends)
        return unknown(f"{life.name}: requests were under way in {share:.0%} of the last second before it left", *facts)
    ended = max(times) + distance
    if all(line.get("how") == NOT_KEPT for line in ends):
        # Callers come on new connections, which the Service gives them no more once the pod was deleted.
        because = f"{life.name} keeps no connection, and sleeps {slept or 0.0:g} s before it ends"
        return (passed if slept and ended < life.deleted else unknown)(because, fact(last, because))
    early = life.deleted + (slept or 0.0) - ended
    if early > EARLY:
        return unknown(f"{life.name}: its connections ended {seconds(early)} before it was told to end", *facts)
    share = under_way(line.data for line in ends)
    message = f"{life.name}: requests were under way in {share:.0%} of the last second, {last.get('how')}"
    return passed(message, fact(last, message))


ROLLED_OUT = (
    Premise("every old pod went, and as many others as are desired were Ready in the end", _of(replaced)),
    Premise("the new pods were of another template than the old ones", _of(another_template)),
    Premise("old and new pods answered", _of(answered)),
    Premise("nobody answered but pods of it that were there", _of(nobody_else)),
    Premise("the log of requests is complete and covers the rollout", logged),
    Premise("nothing failed on the probe's own side", _of(all_sent)),
)
ON_TIME = Premise("the probe sent what was due in time", on_time)
UNDER_WAY = Premise("requests were under way when each old pod was told to end", all_under_way)
