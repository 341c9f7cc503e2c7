"""The `behavior` of autoscalers, on paper: how fast they grow, and how much they let go at once, at worst."""

from collections.abc import Iterator

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.autoscaler_simulation import slowest_growth, worst_shrink
from kubeproof.rules.autoscalers import NO_AUTOSCALER
from kubeproof.rules.rule import Finding, Rule, judged, titled

BEHAVIOR = "spec.behavior"


def examine_scale_down_window(system: System, profile: Profile) -> Iterator[Finding]:
    """The way down of every autoscaler: its window beside its longest period."""
    del profile
    for autoscaler in system.autoscalers:
        longest = max(rule.period for rule in autoscaler.down.rules)
        yield judged(
            autoscaler.down.window >= longest or autoscaler.down.select == "Disabled",
            titled(system, "HorizontalPodAutoscaler", autoscaler),
            f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds",
            f"{autoscaler.down.window:g} s",
            f"at least the longest period, {longest:g} s",
            "lengthen the window: what was added within a period may go in one step beside what the rule allows",
        )


SCALE_DOWN_WINDOW = Rule(
    name="static.scale-down-window",
    law="the stabilisation window of the way down is at least as long as its longest period",
    source="kubernetes/kubernetes#109058: additions within the period raise what may be removed",
    examine=examine_scale_down_window,
    nothing=NO_AUTOSCALER,
)


def examine_scale_down_step(system: System, profile: Profile) -> Iterator[Finding]:
    """The worst single step down of every autoscaler, just after growth, beside what the intent or its rules say."""
    for autoscaler in system.autoscalers:
        intended = profile.intended(autoscaler.target)
        down = intended.autoscaler.down if intended and intended.autoscaler else None
        rest, grown = worst_shrink(autoscaler, just_grown=False), worst_shrink(autoscaler, just_grown=True)
        most = down.pods if down else rest.before - rest.after
        source = "the profile says" if down else "its rules after a long rest say"
        worst = max(rest, grown, key=lambda step: step.before - step.after)
        yield judged(
            worst.before - worst.after <= most,
            titled(system, "HorizontalPodAutoscaler", autoscaler),
            f"{BEHAVIOR}.scaleDown",
            f"from {worst.before} to {worst.after} in one step at worst",
            f"at most {most} at once, as {source}",
            "lengthen stabilizationWindowSeconds to the longest period, or allow fewer pods",
        )


SCALE_DOWN_STEP = Rule(
    name="static.scale-down-step",
    law="no single step down, even just after growth, takes more pods than was meant",
    source="kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, in virtual time",
    examine=examine_scale_down_step,
    nothing=NO_AUTOSCALER,
)


def examine_scale_up_time(system: System, profile: Profile) -> Iterator[Finding]:
    """How long every autoscaler takes to its maximum, and to the target that the profile promises."""
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        field, fix = f"{BEHAVIOR}.scaleUp", "let it add more pods in a shorter period, or promise less in [[scales]]"
        whole = slowest_growth(autoscaler, autoscaler.maximum)
        found = f"{_seconds(whole)} from {autoscaler.minimum} to {autoscaler.maximum} at worst"
        yield judged(whole is not None, subject, field, found, "a maximum that is reached", fix)
        scale = profile.scale(autoscaler.target)
        if scale:
            took = slowest_growth(autoscaler, scale.target) if scale.target <= autoscaler.maximum else None
            found = f"{_seconds(took)} to {scale.target} at worst"
            ok = took is not None and took <= scale.within
            yield judged(ok, subject, field, found, f"within {scale.within:g} s", fix)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:g} s"


SCALE_UP_TIME = Rule(
    name="static.scale-up-time",
    law="the maximum is reached, and the promised target within the promised time, at worst",
    source="kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, in virtual time",
    examine=examine_scale_up_time,
    nothing=NO_AUTOSCALER,
)
