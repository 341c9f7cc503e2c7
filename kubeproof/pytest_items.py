"""The profile as a file of tests, and each check of it as a test item."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubeproof.evidence.reading import Planned
from kubeproof.verdict import Outcome, Verdict

Prove = Callable[["CheckItem"], Verdict]


class NotProved(Exception):
    """A check whose verdict is no PASS; its message is the verdict as a person reads it."""


class CheckItem(pytest.Item):
    """One check of one subject. The check stands in the name, so that `-k "dns or rollout"` selects by area."""

    def __init__(self, *, planned: Planned, prove: Prove, **more: Any) -> None:
        super().__init__(name=f"{planned.check}: {planned.subject}", **more)
        self.planned, self._prove = planned, prove

    def runtest(self) -> None:
        """Observe and judge; raises NotProved, and skips what cannot be asked here."""
        verdict = self._prove(self)
        if verdict.outcome is Outcome.SKIPPED:
            pytest.skip(verdict.because)
        if not verdict.passed:
            raise NotProved(verdict.report())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The verdict without a traceback: no code is at fault."""
        return str(excinfo.value) if isinstance(excinfo.value, NotProved) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where pytest says that it comes from."""
        return self.path, None, self.name


class ProfileFile(pytest.File):
    """A profile that is collected as if it were a file of tests."""

    def __init__(self, *, plan: tuple[Planned, ...], prove: Prove, **more: Any) -> None:
        super().__init__(**more)
        self._plan, self._prove = plan, prove

    def collect(self) -> Iterator[CheckItem]:
        """Give an item for each check and subject, in the order of a run."""
        for planned in self._plan:
            yield CheckItem.from_parent(self, planned=planned, prove=self._prove)
