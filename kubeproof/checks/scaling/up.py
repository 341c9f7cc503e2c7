"""
scaling.up: under load the autoscaler wants more replicas until the profile's target, in time, as fast as it may.

Reached means wanted by the autoscaler and Ready within the promised seconds of the marker 'load started'. How fast it
may is what the profile says of its workload, and where that says nothing, the behaviour in the manifests.
"""

from math import ceil

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.checks.scaling.growth import Growth, Size, growth_of, there
from kubeproof.checks.scaling.premises import PREMISES, TRIED
from kubeproof.evidence.questions import Lines, fact, marker, of_kind, seconds, unmet, watched_until
from kubeproof.manifests.objects import ScalingRule, ScalingRules
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Outcome, Verdict, failed, merge, passed, unknown

# Seconds between two looks of the controller, unless it is told otherwise: it reckons its periods from look to look.
SYNC = 15.0


def judge_scaling(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload from autoscaler, workload and load lines."""
    if profile.scale(subject) and system.workload(subject) and system.autoscaler_of(subject) is None:
        return failed("no autoscaler targets it", Fact(None, f"manifests: no autoscaler targets {subject}"))
    reason = unmet(lines)
    if reason:
        return reason
    growth = growth_of(system, profile, subject, lines)
    if isinstance(growth, Verdict):
        return growth
    rules = _rules(growth, profile)
    paced = (_paced(growth, rules, sizes) for sizes in (growth.wanted, growth.asked))
    verdict = merge((_bounds(growth), *paced, _grown(growth)))
    return passed(_timeline(growth), *verdict.evidence) if verdict.passed else verdict


def _bounds(growth: Growth) -> Verdict:
    """Never above the maximum, nor below the minimum once there is a load."""
    scale = growth.scale
    for size in (*growth.wanted, *growth.asked):
        where = f"{size.replicas} replicas wanted, the profile's"
        if size.replicas > scale.maximum:
            message = f"{where} maximum is {scale.maximum}"
            return failed(message, fact(size.line, message))
        if size.replicas < scale.minimum and size.line.t > growth.started.t:
            message = f"{where} minimum is {scale.minimum}"
            return failed(message, fact(size.line, message))
    return passed("bounds", Fact(None, f"never below {scale.minimum} or above {scale.maximum}"))


def _rules(growth: Growth, profile: Profile) -> ScalingRules:
    intended = profile.intended(growth.scale.workload)
    up = intended.autoscaler.up if intended and intended.autoscaler else None
    return ScalingRules((ScalingRule("Pods", up.pods, up.every),), 0.0) if up else growth.autoscaler.up


def _paced(growth: Growth, rules: ScalingRules, sizes: tuple[Size, ...]) -> Verdict:
    """No growth by more than the rules allow, at once or within a period."""
    for place, size in enumerate(sizes):
        if size.before is None or size.replicas < size.before or size.line.t <= growth.started.t:
            continue
        starts = [(_start(rule, sizes[:place], size.line.t), rule) for rule in rules.rules]
        limits = [(_most(rule, start), start, rule.period) for start, rule in starts]
        most, start, period = (min if rules.select == "Min" else max)(limits)
        if size.replicas > most or rules.select == "Disabled":
            took = "at once" if start == size.before else f"within {seconds(period)}"
            message = f"from {start} to {size.replicas} replicas {took}, {growth.into(size.line)}"
            return failed(message, fact(size.line, f"{message}; allowed is {_said(rules)}"))
    return passed("pace", Fact(None, f"never faster than {_said(rules)}"))


def _start(rule: ScalingRule, earlier: tuple[Size, ...], at: float) -> int:
    """The size a period before, or just before where that was smaller: what was lost is not grown again at once."""
    # The slack is one look of the controller; where the period is hardly longer than that, half of it.
    begin = at - rule.period + min(SYNC, rule.period / 2)
    then = [size for size in earlier if size.line.t <= begin] or earlier[:1]
    return min(then[-1].replicas, earlier[-1].replicas)


def _most(rule: ScalingRule, start: int) -> int:
    return start + rule.value if rule.kind == "Pods" else ceil(start * (1 + rule.value / 100))


def _said(rules: ScalingRules) -> str:
    if rules.select == "Disabled":
        return "no growth"
    return f" {rules.select.lower()} ".join(
        f"{rule.value} {rule.kind.lower()} in {seconds(rule.period)}" for rule in rules.rules
    )


def _timeline(growth: Growth) -> str:
    """2 -> 3 at 31.0 s -> 4 at 92.0 s"""
    first, *others = growth.wanted
    steps = (f"{size.replicas} at {seconds(size.line.t - growth.started.t)}" for size in others)
    return " -> ".join((str(first.replicas), *steps))


def _grown(growth: Growth) -> Verdict:
    """Reached in time; that it was not says nothing where no load was seen, or no metrics."""
    verdict = _reached(growth)
    untried = [found for found in (judge(growth) for judge in TRIED) if not found.passed]
    return unknown(verdict.because, *verdict.evidence) if verdict.outcome is Outcome.FAIL and untried else verdict


def _reached(growth: Growth) -> Verdict:
    scale = growth.scale
    if growth.reached is not None:
        message = f"{scale.target} replicas wanted and ready {growth.into(growth.reached)}"
        if growth.reached.t - growth.started.t > scale.within:
            message = f"{message}, promised are {seconds(scale.within)}"
            return failed(message, fact(growth.reached, message))
        return passed("reached", fact(growth.reached, message))
    ended = marker(growth.lines, "load ended")
    ran = (ended.t if ended else watched_until(growth.lines)) - growth.started.t
    because = f"{_never(growth)}, {seconds(ran)} into the load"
    # It may yet have happened where the load did not run for as long as promised.
    return (failed if ran >= scale.within else unknown)(because, fact(ended or growth.started, because))


def _never(growth: Growth) -> str:
    target = growth.scale.target
    highest = max((size.replicas for size in growth.wanted), default=0)
    if highest >= target:
        ready = max(
            (there(line, "ready") or 0.0 for line in growth.during("workload", name=growth.scale.workload)), default=0.0
        )
        return f"never had {target} ready replicas while it wanted as many, at most {ready:.0f}"
    samples = of_kind(growth.lines, "autoscaler", target=growth.scale.workload)
    blind = samples and all(line.get("cpu") is None and line.get("memory") is None for line in samples)
    return f"never wanted {target} replicas, at most {highest}{'; it never read a metric' if blind else ''}"


UP = Check(
    name="scaling.up",
    law="under load the autoscaler adds replicas up to the target, as many at a time as its policy allows",
    needs="the metrics API",
    phase=Phase.OFFER_LOAD,
    subjects=lambda _, profile: (Subject(scale.workload, f"scaling:{scale.workload}") for scale in profile.scales),
    observer="scaling.observe_scaling",
    reads=("need", "marker", "autoscaler", "workload", "pod", "load", "metrics"),
    judge=judge_scaling,
    premises=PREMISES,
)
