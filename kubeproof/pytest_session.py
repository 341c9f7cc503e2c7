"""
One session of pytest that proves a system: where the stages of a run meet pytest (ADR 5).

Observing and judging are the run's; here is only when, and what pytest is told.
"""

import gc
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from kubeproof.cluster_choice import PROBE, embedded_cluster, given_cluster
from kubeproof.conclusion import NotARun, judge_folder
from kubeproof.declared import UNREADABLE, read_declared
from kubeproof.evidence.envelope import EVIDENCE
from kubeproof.evidence.writing import NotWritten
from kubeproof.interruption import interruptible, listening, pressed
from kubeproof.judging import judge_planned
from kubeproof.observe.api_errors import Refused, Silent
from kubeproof.observe.applying import ApplyFailed
from kubeproof.observe.cluster import CannotStart, connect
from kubeproof.pytest_items import CheckItem, ProfileFile
from kubeproof.run import Run, left_behind, new_run_name
from kubeproof.verdict import Exit, Outcome, Verdict

RUNS = Path("out")


class ProofSession:
    """
    What this session of pytest proves, and how far it is; registered as a plugin.

    Ends pytest with exit status 3 and one sentence on options, a profile or manifests that cannot be used.
    """

    def __init__(self, config: pytest.Config) -> None:
        # The client's retries are in the evidence, as gaps or errors.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._config, self._began = config, time.monotonic()
        self._items: list[CheckItem] = []
        self._run: Run | None = None
        self._report, self._not_held = "", 0
        self._refuse_options()
        self._kubeconfig = self._option("kubeconfig") or os.environ.get("KUBECONFIG")
        config.add_cleanup(self._listening())
        try:
            with interruptible():
                self._declared = read_declared(
                    self._path("profile"),
                    self._path("manifests"),
                    cluster="given" if self._kubeconfig else "embedded",
                )
        except KeyboardInterrupt:
            pytest.exit("Ctrl-C", returncode=Exit.INTERRUPTED)
        except UNREADABLE as error:
            pytest.exit(str(error), returncode=Exit.NOT_DONE)

    def _listening(self) -> Callable[[], None]:
        """Listen to Ctrl-C from here on; gives what ends that. A second press says what it leaves behind."""

        def last_words() -> None:
            if self._run is not None and self._run.namespaces:
                self._say(left_behind(self._run.namespaces, "Ctrl-C was pressed a second time"))

        ears = ExitStack()
        ears.enter_context(listening(last_words))
        return ears.close

    def _option(self, name: str) -> str | None:
        value: str | None = self._config.getoption(f"--kubeproof-{name}")
        return value

    def _path(self, name: str) -> Path | None:
        value = self._option(name)
        return Path(value) if value else None

    def _refuse_options(self) -> None:
        if getattr(self._config.option, "numprocesses", None):
            # Each check would deploy a copy of the system of its own, and they would share one evidence file.
            pytest.exit("checks share one deployed system: run them without -n", returncode=Exit.NOT_DONE)
        entrance = self._option("ingress-address")
        out = self._path("out")
        if out and (out / EVIDENCE).is_file():
            pytest.exit(f"{out} is the folder of a run already: say another with --out", returncode=Exit.NOT_DONE)
        if entrance and not re.fullmatch(r"[^:]+(:\d{1,5})?", entrance):
            pytest.exit(f"--ingress-address must be HOST or HOST:PORT, is {entrance!r}", returncode=Exit.NOT_DONE)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Have the profile collected: beside the tests that were named, alone where none were."""
        named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*named, str(self._declared.profile_path.resolve())]

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ProfileFile | None:
        """Collect the profile, and no other file."""
        if file_path != self._declared.profile_path.resolve():
            return None
        found: ProfileFile = ProfileFile.from_parent(parent, path=file_path, plan=self._declared.plan, prove=self.prove)
        return found

    @pytest.hookimpl(trylast=True)  # after those that take away what was not asked for
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Remember what will be proved."""
        self._items = [item for item in items if isinstance(item, CheckItem)]

    def prove(self, item: CheckItem) -> Verdict:
        """Observe what an item reads, and judge it from the evidence file alone."""
        self._run = run = self._run or self._start()
        planned = item.planned
        if planned.observation:  # what needs none is told at once
            place, elapsed = self._items.index(item) + 1, time.monotonic() - self._began
            self._say(f"{place:2} of {len(self._items)}  {elapsed:4.0f} s  {planned.check}  {planned.subject}")
        try:
            with interruptible():
                run.observe(planned)
        except ApplyFailed as error:
            pytest.exit(self._declared.hide(f"the manifests were refused: {error}"), returncode=Exit.NOT_DONE)
        except (CannotStart, NotWritten) as error:
            pytest.exit(self._declared.hide(str(error)), returncode=Exit.NOT_DONE)
        except Exception as error:  # noqa: BLE001  an observer that broke is in the evidence, and judged UNKNOWN there
            self._say(f"        could not observe: {type(error).__name__}: {error}")
        verdict = judge_planned(self._declared.system, self._declared.profile, run.evidence(), planned)
        self._not_held += verdict.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
        return verdict

    def _start(self) -> Run:
        """Make the run of this session: connected, and planned."""
        try:
            with interruptible():
                run = self._begun(new_run_name())
            _point_latest_at(run.folder)
            run.plan([item.planned for item in self._items])
        except (CannotStart, Refused, Silent, NotWritten) as error:
            pytest.exit(str(error), returncode=Exit.NOT_DONE)
        return run

    def _begun(self, name: str) -> Run:
        """Have a cluster, and a run on it that has made nothing yet."""
        context = self._option("context")
        chosen = (
            given_cluster(self._kubeconfig, context)
            if self._kubeconfig
            else embedded_cluster(self._declared, self._say)
        )
        return Run(
            name=name,
            folder=self._path("out") or RUNS / name,
            declared=self._declared,
            cluster=connect(chosen.kubeconfig, context),
            cluster_name=chosen.name,
            probe_image=self._option("probe-image") or PROBE.name,
            say=self._say,
            ingress_address=self._option("ingress-address"),
            faults=chosen.faults,
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Leave little to tell: of each frame, and of what came before, pytest makes a text while somebody waits."""
        excinfo.traceback = excinfo.traceback.filter(excinfo)[-1:]
        excinfo.value.__cause__ = excinfo.value.__context__ = None

    @pytest.hookimpl(trylast=True)  # after pytest's own, which tears down what was interrupted
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Clear up, judge the whole run from its folder, and give pytest the exit status of that."""
        if self._run is not None:
            self._run.close()
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._report, session.exitstatus = "no check was chosen; kubeproof list prints them", Exit.NOT_DONE
        elif self._run is not None and exitstatus != Exit.NOT_DONE:
            session.exitstatus = self._judged(self._run, others_failed=session.testsfailed > self._not_held)
        if pressed() or exitstatus == pytest.ExitCode.INTERRUPTED:
            session.exitstatus = Exit.INTERRUPTED

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Leave nothing to look through: pytest would, twice, and so would Python, while somebody waits for the end."""
        gc.freeze()

    def _judged(self, run: Run, *, others_failed: bool) -> Exit:
        """Judge the run's folder; the exit status of that, or of tests beside the checks when they failed."""
        try:
            _, self._report, status = judge_folder(run.folder, everything=self._config.getoption("--kubeproof-all"))
        except (NotARun, OSError) as error:
            self._report, status = f"the run was not judged: {error}", Exit.NOT_DONE
        return Exit.BROKEN if others_failed and status in (Exit.HOLDS, Exit.UNJUDGED) else status

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the report."""
        if self._report:
            terminalreporter.write_line("")
            terminalreporter.write_line(self._report)

    def _say(self, text: str) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        with self._config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(self._declared.hide(text))
            reporter.flush()


def _point_latest_at(folder: Path) -> None:
    latest = RUNS / "latest"
    # A convenience, and no reason not to run: the report says the folder.
    with suppress(OSError):
        latest.parent.mkdir(exist_ok=True)
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.resolve())
