"""
What must have been so for a growth to mean anything: it is the load's, the metric's, and the autoscaler's own.

All are about one window, from the marker 'load started' until the target was wanted and Ready.
"""

from collections.abc import Callable
from functools import partial

from kubeproof.checks.check import Premise
from kubeproof.checks.scaling.growth import Growth, growth_of, longest_silence, ready_pods, sizes, there
from kubeproof.checks.scaling.load import offered, unhurried
from kubeproof.evidence.questions import Lines, fact, number, of_kind, seconds, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, passed, unknown

# Seconds. metrics-server scrapes every 15 s, unless told otherwise, what a kubelet measured up to 15 s before.
FRESH = 60.0
UNASKED = 20.0  # seconds without an answer of the metrics API, which is asked every few, in which it may have had none
AHEAD = 5.0  # seconds that the clock of a node may be ahead; no sample is of the future


def stood(growth: Growth) -> Verdict:
    """Replicas that existed before the load do not count, and a metric that was high already did not rise."""
    seen = of_kind(growth.lines, "autoscaler", target=growth.scale.workload)
    before = [line for line in seen if line.t <= growth.started.t]
    wanted = there(before[-1], "desired") if before else None
    if wanted is None:
        return unknown("it was not seen before the load")
    message = f"{wanted:.0f} replicas wanted before the load, {_read(before[-1], growth.scale.metric)}"
    within = growth.scale.minimum <= wanted < growth.scale.target
    holds = within and _above(growth, before[-1], growth.scale.metric) is False
    return (passed if holds else unknown)(message, fact(before[-1], message))


def fresh(growth: Growth) -> Verdict:
    """The metrics API was asked every few seconds, and had a sample of each pod that was Ready for long enough."""
    if not of_kind(growth.lines, "need", need="metrics-api", met=True):
        return unknown("the metrics API was not tried before the load")
    asked = growth.during("metrics", workload=growth.scale.workload)
    answered = tuple(line for line in asked if number(line, "oldest") is not None)
    since, silence = longest_silence(answered, growth.started.t, growth.end)
    if silence > UNASKED:
        into = seconds(since - growth.started.t)
        return unknown(f"no sample was seen for {seconds(silence)}, from {into} into the load")
    for line in answered:
        if not -AHEAD <= (number(line, "oldest") or 0.0) <= FRESH:
            because = f"the oldest sample was of {line.get('oldest')} s before, {growth.into(line)}"
            return unknown(because, fact(line, because))
        ready = ready_pods(growth, line.t)
        missing = sorted(name for name, since in ready if line.t - since > FRESH and name not in texts(line, "pods"))
        if missing:
            because = f"there was no sample of {', '.join(missing)}, {growth.into(line)}"
            return unknown(because, fact(line, because))
    oldest = max(answered, key=lambda line: number(line, "oldest") or 0.0)
    message = f"the oldest sample was of {number(oldest, 'oldest'):.0f} s before"
    return passed(message, fact(oldest, message))


def caused(growth: Growth) -> Verdict:
    """At each step the autoscaler had read the law's metric above its target, and every other one below its own."""
    metric = growth.scale.metric
    others = sorted({other.resource for other in growth.autoscaler.metrics} - {metric})
    steps = [size.line for size in growth.steps if size.line.t <= growth.end]
    for line in steps:
        other = any(_above(growth, line, name) is not False for name in others)
        if other or _above(growth, line, metric) is not True:
            because = f"{', '.join(_read(line, name) for name in (metric, *others))} as it grew, {growth.into(line)}"
            return unknown(because, fact(line, because))
    if not steps:
        return unknown("it did not grow")
    message = f"{metric} was above {growth.autoscaler.percent(metric)}%"
    return passed(message, *(fact(line, f"{_read(line, metric)}, {growth.into(line)}") for line in steps))


def _above(growth: Growth, line: Line, metric: str) -> bool | None:
    """Whether an autoscaler read a metric above its target; None when it did not read it, or has none for it."""
    value, target = number(line, metric), growth.autoscaler.percent(metric)
    return None if value is None or target is None else value > target


def _read(line: Line, metric: str) -> str:
    value = number(line, metric)
    return f"{metric} not read" if value is None else f"{metric} at {value:.0f}%"


def alone(growth: Growth) -> Verdict:
    """It is the declared one, there all the while, and every size of the workload is one that it wanted."""
    for line in of_kind(growth.lines, "autoscaler", target=growth.scale.workload):
        if line.get("name") != growth.autoscaler.name or line.get("gone") is True:
            state = "was taken away" if line.get("gone") is True else "is another that targets it"
            return unknown(f"{line.get('name')} {state}", fact(line, state))
    for size in growth.steps:
        current = number(size.line, "current")
        if current is None or current >= size.replicas:
            # Who finds as many as it wants did not ask for them.
            because = f"{size.line.get('current')} were there when it wanted {size.replicas}, {growth.into(size.line)}"
            return unknown(because, fact(size.line, because))
    return _followed(growth)


def _followed(growth: Growth) -> Verdict:
    name = growth.scale.workload
    by = (growth.during("autoscaler", target=name), growth.during("workload", name=name))
    wanted, asked = ([size.replicas for size in sizes(lines)] for lines in by)
    said = f"it wanted {_way(wanted)}, and {_way(asked)} were asked of the workload"
    # Either may be told first, so one of them may be ahead by a size.
    common = min(len(wanted), len(asked))
    if not common or max(len(wanted), len(asked)) > common + 1 or wanted[:common] != asked[:common]:
        return unknown(said)
    return passed(f"{growth.autoscaler.name} alone", fact(by[0][-1], said))


def _way(sizes: list[int]) -> str:
    return " -> ".join(map(str, sizes)) or "nothing"


def staffed(growth: Growth) -> Verdict:
    """What was Ready are pods of this workload: once the target was reached, as many as it is."""
    if growth.reached is None:
        return unknown("the target was not reached")
    moments = [line.t for line in of_kind(growth.lines, "pod", workload=growth.scale.workload)]
    ready = max(
        (len(ready_pods(growth, at)) for at in {growth.reached.t, *moments} if at >= growth.reached.t), default=0
    )
    message = f"{ready} pods of {growth.scale.workload} were Ready"
    return (passed if ready >= growth.scale.target else unknown)(message, fact(growth.reached, message))


def _of_growth(
    judge: Callable[[Growth], Verdict], system: System, profile: Profile, subject: str, lines: Lines
) -> Verdict:
    found = growth_of(system, profile, subject, lines)
    return found if isinstance(found, Verdict) else judge(found)


# Without these a growth that did not come means nothing either. One that was too fast, or went too far, is a failure
# whatever the load was: so it is `grown` in `up` that asks for them, and not `of_failure`.
TRIED = (offered, fresh)

PREMISES = tuple(
    Premise(sentence, partial(_of_growth, judge))
    for sentence, judge in (
        ("before the load the autoscaler stood below the target, and its metric below its own", stood),
        ("the load was offered and served during the whole growth", offered),
        ("the generator of the load was not short of CPU", unhurried),
        ("the metrics of the autoscaler were fresh during the whole growth", fresh),
        ("the metric of the law rose, and no other", caused),
        ("the declared autoscaler alone sized the workload", alone),
        ("as many pods of the workload as were wanted became Ready", staffed),
    )
)
