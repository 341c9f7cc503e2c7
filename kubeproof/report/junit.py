"""junit.xml: a test case a verdict, for the programs that know nothing else."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from kubeproof.judging import Judged
from kubeproof.verdict import Outcome

# What XML 1.0 cannot carry, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(judged: Sequence[Judged], run: Mapping[str, Any]) -> str:
    """The document as text: FAIL is a failure, UNKNOWN an error, SKIPPED skipped; each carries its words."""
    suite = ElementTree.Element("testsuite", name="kubeproof", timestamp=_clean(run.get("started") or ""))
    count = Counter(judgement.verdict.outcome for judgement in judged)
    suite.set("tests", str(len(judged)))
    suite.set("failures", str(count[Outcome.FAIL]))
    suite.set("errors", str(count[Outcome.UNKNOWN]))
    suite.set("skipped", str(count[Outcome.SKIPPED]))
    for judgement in judged:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(judgement.check),
            name=_clean(judgement.subject),
            time=f"{judgement.seconds or 0.0:.3f}",
        )
        tag = {Outcome.FAIL: "failure", Outcome.UNKNOWN: "error", Outcome.SKIPPED: "skipped"}
        if judgement.verdict.outcome in tag:
            said = ElementTree.SubElement(
                case, tag[judgement.verdict.outcome], message=_clean(judgement.verdict.because)
            )
            said.text = _clean(f"{judgement.law}\n{judgement.verdict.report()}")
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _clean(text: object) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text))
