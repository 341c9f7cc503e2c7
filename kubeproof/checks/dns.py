"""
dns.names: a Service answers under its three names, each with exactly its addresses.

The three are told apart by their shape: NAME, NAME.NAMESPACE and NAME.NAMESPACE.svc.DOMAIN. Who asks is the client,
whom a policy of ours lets out, and beside it a pod of each workload that calls another, under its own policies.
"""

from collections.abc import Iterable

from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.evidence.questions import Lines, fact, not_observed, of_kind, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Outcome, Verdict, failed, merge, passed, unknown

FORMS = ("NAME", "NAME.NAMESPACE", "NAME.NAMESPACE.svc.DOMAIN")
CLIENT = "client"


def judge_names(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one Service from its name lines: every look-up counts during which its addresses stood still."""
    del profile
    service = system.service(subject)
    if service is None:
        return unknown(f"the manifests have no Service {subject}")
    if service.kind == "ExternalName":
        return Verdict(Outcome.SKIPPED, f"{subject} is an ExternalName: what it answers is decided elsewhere")
    asked = _asked(subject, lines)
    verdicts = [verdict for form, source in asked for verdict in _judge_all(asked[form, source])]
    missing = [form for form in FORMS if (form, CLIENT) not in asked]
    if missing:
        verdicts.append(unknown(f"{subject} was not asked for as {' or '.join(missing)}"))
    namespaces = {_parts(line)[1] for found in asked.values() for line in found if len(_parts(line)) > 1}
    if len(namespaces) > 1:
        verdicts.append(unknown(f"{subject} was asked for in several namespaces: {_list(namespaces)}"))
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    sources = dict.fromkeys(source for _, source in asked)
    return passed(f"{len(verdicts)} look-ups by {', '.join(sources)} answered with its addresses", *verdict.evidence)


def _asked(service: str, lines: Lines) -> dict[tuple[str, str], list[Line]]:
    """The look-ups of a Service by the form of its name and by who asked."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in of_kind(lines, "name", service=service):
        form = _form(service, _parts(line))
        if form:
            found.setdefault((form, str(line.get("source"))), []).append(line)
    return found


def _parts(line: Line) -> list[str]:
    asked = line.get("asked")
    return asked.rstrip(".").split(".") if isinstance(asked, str) else []


def _form(service: str, parts: list[str]) -> str | None:
    if not parts or parts[0] != service:
        return None
    if len(parts) > 3 and parts[2] == "svc":
        return FORMS[2]
    return {1: FORMS[0], 2: FORMS[1]}.get(len(parts))


def _judge_all(found: Iterable[Line]) -> list[Verdict]:
    """Of look-ups of one name from one place, those in which no address moved; UNKNOWN when there is none."""
    found = tuple(found)
    still = [line for line in found if set(texts(line, "expected")) == set(texts(line, "after"))]
    moved = found[-1]
    return [_judge(line) for line in still] or [
        unknown(f"the addresses of {moved.get('service')} moved each time", fact(moved, f"{moved.get('asked')}: moved"))
    ]


def _judge(line: Line) -> Verdict:
    asked, error = f"{line.get('asked')} from {line.get('source')}", line.get("error")
    if error is not None:
        here = fact(line, f"{asked}: {error}")
        return unknown(here.message, here) if not_observed(error) else failed(here.message, here)
    got, expected = set(texts(line, "addresses")), set(texts(line, "expected"))
    if not expected:
        return unknown(f"{asked}: no address was expected, so no answer can be right", fact(line, asked))
    if got != expected:
        message = f"{asked} answers {_list(got)}, its addresses are {_list(expected)}"
        return failed(message, fact(line, message))
    return passed("as expected", fact(line, f"{asked} answers {_list(got)}"))


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def looked_up_by_callers(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Each workload that calls another asked for all three names, from a pod of its own."""
    asked = _asked(subject, lines)
    facts: list[Fact] = []
    for caller in profile.callers:
        if system.workload(caller) is None:
            continue
        own = {line.get("uid") for line in of_kind(lines, "pod", workload=caller)} - {None}
        found = [[line for line in asked.get((form, caller), ()) if line.get("source_uid") in own] for form in FORMS]
        missing = [form for form, made in zip(FORMS, found, strict=True) if not made]
        if missing:
            return unknown(f"no pod of {caller} asked for {subject} as {' or '.join(missing)}")
        facts += [fact(made[-1], f"{made[-1].get('asked')} was asked for from {caller}") for made in found]
    if not facts:
        return passed("nobody has to", Fact(None, "no workload of the profile calls another: none looks up a name"))
    return passed(f"{len(facts)} look-ups", *facts)


NAMES = Check(
    name="dns.names",
    law="each Service answers under its three names from inside the namespace",
    needs="cluster DNS, ephemeral containers",
    phase=Phase.LOOK,
    subjects=lambda system, _: (Subject(service.name, "dns") for service in system.services),
    observer="dns.observe_names",
    reads=("name", "pod"),
    judge=judge_names,
    premises=(
        Premise("its names were looked up from a pod under the system's own egress policy", looked_up_by_callers),
    ),
)
