"""A run's folder, judged from its files alone: the same for the run that made it and for `conformance judge`."""

from pathlib import Path

import yaml

from conformance.declared.profile import read_profile
from conformance.declared.reading import read_system
from conformance.verdicts.catalogue import Judged, judge_run
from conformance.verdicts.evidence import read_evidence


def conclude(folder: Path) -> tuple[tuple[Judged, ...], str]:
    """Judge the folder's evidence, write verdicts.json and junit.xml into it; the verdicts and the text report."""
    profile = read_profile(folder / "profile.toml")
    system = read_system(yaml.safe_load_all((folder / "declared.yaml").read_text()))
    evidence = read_evidence((folder / "evidence.jsonl").read_text(encoding="ascii", errors="replace"))
    judged = judge_run(system, profile, evidence)
    return judged, "\n".join(f"{j.verdict.outcome.value:8} {j.check} {j.subject}: {j.verdict.because}" for j in judged)
