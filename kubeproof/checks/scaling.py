"""
scaling.up: under load the autoscaler wants one replica more at a time until the profile's target, in time.

Reached means wanted by the autoscaler within the promised seconds of the marker 'load started', and ready.
"""

from itertools import pairwise

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, unmet, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile, Scale
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown

# Seconds between two samples: further apart, two steps of one may look like one of two.
DENSE = 30.0


def judge_scaling(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload from autoscaler, workload and load lines."""
    scale = profile.scale(subject)
    if scale is None:
        return unknown(f"the profile promises no growth of {subject}")
    if system.workload(subject) is None:
        return unknown(f"the manifests have no workload {subject}")
    if system.autoscaler_of(subject) is None:
        return failed("no autoscaler targets it", Fact(None, f"manifests: no autoscaler targets {subject}"))
    reason = unmet(lines)
    if reason:
        return reason
    started = marker(lines, "load started")
    if started is None:
        return unknown("no marker says that the load started")
    samples = of_kind(lines, "autoscaler", target=subject)
    verdict = merge(
        (
            _control(scale, samples, started),
            _load(lines, started),
            _bounds(scale, samples),
            _steps(samples, started),
            _reached(scale, samples, started, lines),
            _ready(scale, started, lines),
        )
    )
    if not verdict.passed:
        return verdict
    return passed(f"{_timeline(samples, started)}; {_load(lines, started).because}", *verdict.evidence)


def _control(scale: Scale, samples: Lines, started: Line) -> Verdict:
    """Replicas that existed before the load do not count."""
    before = [line for line in samples if line.t <= started.t]
    wanted = number(before[-1], "desired") if before else None
    if wanted is None:
        return unknown("the autoscaler was not seen before the load")
    if wanted >= scale.target:
        return unknown(f"it wanted {wanted:.0f} replicas before the load", fact(before[-1], f"{wanted:.0f} wanted"))
    return passed("grew", fact(before[-1], f"{wanted:.0f} replicas wanted before the load"))


def _load(lines: Lines, started: Line) -> Verdict:
    samples = [line for line in of_kind(lines, "load") if line.t >= started.t]
    requests = max((number(line, "requests") or 0.0 for line in samples), default=0.0)
    if not requests:
        return unknown("no load was seen")
    failures = max(number(line, "failures") or 0.0 for line in samples)
    message = f"{requests:,.0f} requests, {failures / requests:.1%} failed"
    if failures >= requests:
        return unknown(f"every request of the load failed ({requests:,.0f})", fact(samples[-1], message))
    return passed(message, fact(samples[-1], message))


def _bounds(scale: Scale, samples: Lines) -> Verdict:
    for line in samples:
        wanted = number(line, "desired")
        if wanted is not None and wanted > scale.maximum:
            message = f"{wanted:.0f} replicas wanted, the profile's maximum is {scale.maximum}"
            return failed(message, fact(line, message))
    return passed("bounds", Fact(None, f"never above {scale.maximum}"))


def _steps(samples: Lines, started: Line) -> Verdict:
    """Every growth is by exactly one; two samples far apart cannot tell."""
    wanted = [(line, number(line, "desired")) for line in samples]
    known = [(line, count) for line, count in wanted if count is not None]
    for (before, had), (line, count) in pairwise(known):
        if line.t <= started.t or count - had <= 1:
            continue
        message = f"from {had:.0f} to {count:.0f} replicas at once, {seconds(line.t - started.t)} into the load"
        if line.t - before.t > DENSE:
            return unknown(f"{message}, with nothing seen for {seconds(line.t - before.t)} before", fact(line, message))
        return failed(message, fact(line, message))
    return passed("one at a time", Fact(None, "one replica at a time"))


def _timeline(samples: Lines, started: Line) -> str:
    """2 -> 3 at 31.0 s -> 4 at 92.0 s"""
    said: list[str] = []
    last: float | None = None
    for line in samples:
        wanted = number(line, "desired")
        if wanted is None or wanted == last:
            continue
        said.append(f"{wanted:.0f}" if last is None else f"{wanted:.0f} at {seconds(line.t - started.t)}")
        last = wanted
    return " -> ".join(said)


def _reached(scale: Scale, samples: Lines, started: Line, lines: Lines) -> Verdict:
    for line in samples:
        wanted = number(line, "desired")
        if line.t > started.t and wanted is not None and wanted >= scale.target:
            took = line.t - started.t
            message = f"{wanted:.0f} replicas wanted {seconds(took)} into the load"
            if took > scale.within:
                return failed(f"{message}, promised are {seconds(scale.within)}", fact(line, message))
            return passed("reached", fact(line, message))
    highest = max((number(line, "desired") or 0.0 for line in samples), default=0.0)
    blind = samples and all(line.get("cpu") is None and line.get("memory") is None for line in samples)
    why = "; it never read a metric" if blind else ""
    return _never(scale, started, lines, f"never wanted {scale.target} replicas, at most {highest:.0f}{why}")


def _ready(scale: Scale, started: Line, lines: Lines) -> Verdict:
    for line in of_kind(lines, "workload", name=scale.workload):
        if line.t > started.t and (number(line, "ready") or 0.0) >= scale.target:
            return passed("ready", fact(line, f"{line.get('ready')} ready {seconds(line.t - started.t)} into the load"))
    return _never(scale, started, lines, f"never had {scale.target} ready replicas")


def _never(scale: Scale, started: Line, lines: Lines, message: str) -> Verdict:
    """A FAIL when the load ran for as long as promised, else UNKNOWN: it may yet have happened."""
    ended = marker(lines, "load ended")
    ran = (ended.t if ended else watched_until(lines)) - started.t
    because = f"{message}, {seconds(ran)} into the load"
    where = fact(ended or started, because)
    return failed(because, where) if ran >= scale.within else unknown(because, where)


UP = Check(
    name="scaling.up",
    law="under load the autoscaler adds replicas up to the target, one at a time",
    needs="the metrics API",
    phase=Phase.OFFER_LOAD,
    subjects=lambda _, profile: (Subject(scale.workload, f"scaling:{scale.workload}") for scale in profile.scales),
    observer="scaling.observe_scaling",
    reads=("need", "marker", "autoscaler", "workload", "load"),
    judge=judge_scaling,
)
