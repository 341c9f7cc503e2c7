"""
dns.names: a Service answers under its three names, each with exactly its addresses.

The three are told apart by their shape: NAME, NAME.NAMESPACE and NAME.NAMESPACE.svc.DOMAIN.
"""

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, not_observed, of_kind, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown

FORMS = ("NAME", "NAME.NAMESPACE", "NAME.NAMESPACE.svc.DOMAIN")


def judge_names(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one Service from its name lines; of several look-ups of a name from one source the last counts."""
    del profile
    if system.service(subject) is None:
        return unknown(f"the manifests have no Service {subject}")
    last: dict[tuple[str, str], Line] = {}
    for line in of_kind(lines, "name", service=subject):
        form = _form(subject, line.get("asked"))
        if form:
            last[form, str(line.get("source"))] = line
    missing = [form for form in FORMS if not any(form == seen for seen, _ in last)]
    verdicts = [_judge(line) for line in last.values()]
    if missing:
        verdicts.append(unknown(f"{subject} was not asked for as {' or '.join(missing)}"))
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    return passed(f"{len(last)} look-ups answered with its addresses", *verdict.evidence)


def _form(service: str, asked: object) -> str | None:
    parts = asked.rstrip(".").split(".") if isinstance(asked, str) else []
    if not parts or parts[0] != service:
        return None
    if len(parts) > 3 and parts[2] == "svc":
        return FORMS[2]
    return {1: FORMS[0], 2: FORMS[1]}.get(len(parts))


def _judge(line: Line) -> Verdict:
    asked, error = line.get("asked"), line.get("error")
    if error is not None:
        here = fact(line, f"{asked}: {error}")
        return unknown(here.message, here) if not_observed(error) else failed(here.message, here)
    got, expected = set(texts(line, "addresses")), set(texts(line, "expected"))
    if not expected:
        return unknown(f"{asked}: no address was expected, so no answer can be right", fact(line, str(asked)))
    if got != expected:
        message = f"{asked} answers {_list(got)}, its addresses are {_list(expected)}"
        return failed(message, fact(line, message))
    return passed("as expected", fact(line, f"{asked} answers {_list(got)}"))


def _list(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses)) or "nothing"


NAMES = Check(
    name="dns.names",
    law="each Service answers under its three names from inside the namespace",
    needs="cluster DNS",
    phase=Phase.LOOK,
    subjects=lambda system, _: (Subject(service.name, "dns") for service in system.services),
    observer="dns.observe_names",
    reads=("name",),
    judge=judge_names,
)
