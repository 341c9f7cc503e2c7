"""api.journey: every step of a journey answers as the profile says, each time that it is walked."""

from collections.abc import Iterator

from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.checks.walks import followed, walked
from kubeproof.evidence.questions import Lines, began, fact, number, of_kind, seconds
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Backup, Persistence, Profile
from kubeproof.verdict import Verdict, merge, passed, unknown


def judge_journey(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge the journey of that name from its step lines, all of its walks."""
    journey = profile.journey(subject)
    if journey is None:
        return unknown(f"the profile has no journey {subject!r}")
    walks = _walks(subject, lines)
    if not walks:
        return unknown(f"the journey {subject!r} was not walked")
    verdict = merge(walked(system, journey, steps, {})[0] for steps in walks.values())
    if not verdict.passed:
        return verdict
    return passed(f"{len(journey.steps)} steps hold, walked {len(walks)} times", *verdict.evidence)


def _subjects(_: System, profile: Profile) -> Iterator[Subject]:
    """Each journey, but for the halves of a promise: a read that only makes sense after its write is none."""
    promises: tuple[Persistence | Backup, ...] = (*profile.persistence, *profile.backups)
    halves = {name for promise in promises for name in (promise.write, promise.read)}
    for journey in profile.journeys:
        if journey.name not in halves:
            yield Subject(journey.name, f"journey:{journey.name}")


def _walks(name: str, lines: Lines) -> dict[float, Lines]:
    """The walks of a journey by their numbers; a line that says none is of a walk of its own, before them all."""
    found: dict[float, Lines] = {}
    for line in of_kind(lines, "step", journey=name):
        walk = number(line, "walk")
        found[-1.0 if walk is None else walk] = (*found.get(-1.0 if walk is None else walk, ()), line)
    return found


def as_declared(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Every line of the journey is of a request that profile and manifests say."""
    journey = profile.journey(subject)
    if journey is None:
        return unknown(f"the profile has no journey {subject!r}")
    seen = [seen for steps in _walks(subject, lines).values() for seen in followed(system, journey, steps, {})]
    asked = [line for at in seen for line in at.lines]
    strange = [line for line in of_kind(lines, "step", journey=subject) if line not in asked]
    if strange:
        facts = [fact(line, f"the evidence has {line.get('method')} {line.get('url')}") for line in strange]
        return unknown("; ".join(dict.fromkeys(here.message for here in facts)), *facts)
    if not asked:
        return unknown("no step was seen")
    return passed("as declared", fact(asked[0], f"{len(asked)} requests as declared, from {asked[0].get('url')} on"))


def settled(_system: System, _profile: Profile, subject: str, lines: Lines) -> Verdict:
    """A harmless request on the same way was answered before the first walk; says what was not answered before it."""
    steps, found = (
        of_kind(lines, "step", journey=subject),
        next(iter(of_kind(lines, "marker", says="path settled", at=subject)), None),
    )
    if not steps or found is None or found.t > began(steps[0]):
        return unknown("nobody looked before the first walk")
    attempts, took = number(found, "attempts"), number(found, "seconds")
    if found.get("settled") is not True or attempts is None or took is None:
        return unknown(
            f"it was not answered: {found.get('before')}", fact(found, f"not settled: {found.get('before')}")
        )
    before = f", after {found.get('before')}" if found.get("before") else ""
    return passed("settled", fact(found, f"answered at attempt {attempts:.0f}, after {seconds(took)}{before}"))


def walked_again(_system: System, _profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Two walks or more, one after the other, each through its steps in their order."""
    steps = of_kind(lines, "step", journey=subject)
    order = [(number(line, "walk"), number(line, "index")) for line in steps]
    numbered = [(walk, index) for walk, index in order if walk is not None and index is not None]
    walks = {walk for walk, _ in numbered}
    if len(walks) < 2 or numbered != order:
        return unknown(f"numbered walks that were seen: {len(walks)}", *(fact(line, "the last") for line in steps[-1:]))
    if numbered != sorted(numbered):
        return unknown("the steps were not seen in their order", fact(steps[0], "the first"))
    took = seconds(steps[-1].t - began(steps[0]))
    return passed("walked again", fact(steps[-1], f"the last of {len(walks)} walks ended {took} after the first began"))


JOURNEY = Check(
    name="api.journey",
    law="each journey of the profile holds from inside the cluster",
    needs="the probe image",
    phase=Phase.LOOK,
    subjects=_subjects,
    observer="journeys.observe_journey",
    reads=("marker", "step"),
    judge=judge_journey,
    premises=(
        Premise("every request was the one that profile and manifests say", as_declared),
        Premise("the path answered before the first walk", settled),
        Premise("the journey was walked again after it had been walked once", walked_again),
    ),
    lasting=True,
)
