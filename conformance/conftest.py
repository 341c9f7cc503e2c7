"""Options and fixtures: which cluster, which manifests, and where the stages of a run meet pytest (ADR 5)."""

import gc
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import cluster as embedded
from cluster.folders import cache
from cluster.images import ImageNotBuilt, build_image
from conformance.catalogue import CHECKS, check
from conformance.conclusion import NotARun, judge_folder
from conformance.declared.documents import ManifestError
from conformance.declared.intent import Profile
from conformance.declared.profile import ProfileError, read_profile
from conformance.declared.reading import read_system
from conformance.declared.render import NoKubectl, RenderFailed, find_kubectl, render
from conformance.declared.routes import HTTP_ROUTE, INGRESS, read_rules
from conformance.declared.system import System
from conformance.observe.api_errors import Refused, Silent
from conformance.observe.applying import ApplyFailed
from conformance.observe.cluster import CannotStart, connect
from conformance.observe.recorder import NotWritten
from conformance.run import Run, left_behind, new_run_name
from conformance.verdicts.catalogue import judge_planned
from conformance.verdicts.evidence import Planned, read_evidence
from conformance.verdicts.verdict import Exit, Outcome, Verdict
from interruption import interruptible, listening, pressed

ROOT = Path(__file__).parents[1]


@dataclass
class Session:
    """What this run of pytest is about; `folder` and `report` are there once there is a run, and an end of it."""

    profile: Profile
    documents: list[dict[str, Any]]
    system: System
    folder: Path | None = None
    report: str = ""
    run: Run | None = None
    began: float = field(default_factory=time.monotonic)


SESSION = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kubeproof")
    group.addoption(
        "--kubeconfig", default=os.environ.get("KUBECONFIG"), help="the cluster; without it, the embedded one"
    )
    group.addoption("--context", help="a context of the kubeconfig (default: its current one)")
    group.addoption("--manifests", help="a kustomization (default: the profile's overlay)")
    group.addoption("--profile", default=str(ROOT / "kubeproof.toml"), help="what the architecture says")
    group.addoption("--out", help="folder of the run (default: out/<run>)")
    group.addoption("--probe-image", default="localhost/kubeproof-probe:dev", help="image of the harness's own pods")
    group.addoption(
        "--ingress-address",
        help="HOST[:PORT] where the ingress controller listens, as a pod sees it (default: what it says in status)",
    )


@pytest.hookimpl(trylast=True)  # after pytest's own ear for what a finalizer swallows
def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(_listening(config))
    # The client's retries are in the evidence, as gaps or errors.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    config.addinivalue_line("markers", "check(*names): the checks of conformance/catalogue.py that a test proves")
    if getattr(config.option, "numprocesses", None):
        # Each check would deploy a copy of the system of its own, and they would share one evidence file.
        pytest.exit("checks share one deployed system: run them without -n", returncode=Exit.NOT_DONE)
    entrance = config.getoption("--ingress-address")
    if entrance and not re.fullmatch(r"[^:]+(:\d{1,5})?", entrance):
        pytest.exit(f"--ingress-address must be HOST or HOST:PORT, is {entrance!r}", returncode=Exit.NOT_DONE)
    try:
        with interruptible():
            config.stash[SESSION] = _declared(config)
    except KeyboardInterrupt:
        pytest.exit("Ctrl-C", returncode=Exit.INTERRUPTED)
    except (ProfileError, RenderFailed, NoKubectl, ManifestError, yaml.YAMLError) as error:
        pytest.exit(str(error), returncode=Exit.NOT_DONE)


def _listening(config: pytest.Config) -> Callable[[], None]:
    """Listen to Ctrl-C from here on; gives what ends that. A second press says what it leaves behind."""

    def last_words() -> None:
        about = config.stash.get(SESSION, None)
        if about and about.run and about.run.namespaces:
            _progress(config)(left_behind(about.run.namespaces, "Ctrl-C was pressed a second time"))

    ears = ExitStack()
    ears.enter_context(listening(last_words))
    return ears.close


def _declared(config: pytest.Config) -> Session:
    profile = read_profile(Path(config.getoption("--profile")))
    overlay = "given" if config.getoption("--kubeconfig") else "embedded"
    manifests = config.getoption("--manifests") or ROOT / (profile.overlay(overlay) or "no such overlay in the profile")
    documents = [each for each in yaml.safe_load_all(render(manifests, kubectl=find_kubectl())) if each]
    return Session(profile, documents, read_system(documents))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("check")
    if marker:
        about = metafunc.config.stash[SESSION]
        planned = [each for name in marker.args for each in check(name).planned(about.system, about.profile)]
        # The check stands in the id, so that `-k "dns or rollout"`, as the report prints it, selects by area.
        metafunc.parametrize("planned", planned, ids=[f"{each.check}: {each.subject}" for each in planned])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A check without a subject here is no test: the report says so by its name, as SKIPPED.
    planned = {item: each for item in items if (each := _planned(item))}
    order = {each.name: place for place, each in enumerate(CHECKS)}
    items[:] = sorted(planned, key=lambda item: order[planned[item].check])


def _planned(item: pytest.Item) -> Planned | None:
    """What a test is asked about; None where the manifests have no subject for it."""
    planned = item.callspec.params["planned"] if isinstance(item, pytest.Function) else None
    return planned if isinstance(planned, Planned) else None


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """The run of this session: connected, planned; its leftovers are gone when it ends."""
    config = request.config
    about, name = config.stash[SESSION], new_run_name()
    folder = Path(config.getoption("--out") or ROOT / "out" / name)
    try:
        with interruptible():
            session = _begun(config, about, name, folder)
        _point_latest_at(folder)
        session.plan([planned for item in request.session.items if (planned := _planned(item))])
    except (CannotStart, Refused, Silent, NotWritten, embedded.ClusterError, ImageNotBuilt) as error:
        pytest.exit(str(error), returncode=Exit.NOT_DONE)
    about.folder, about.run = folder, session
    try:
        yield session
    finally:
        session.close()


def _begun(config: pytest.Config, about: Session, name: str, folder: Path) -> Run:
    """Have a cluster, and a run on it that has made nothing yet."""
    kubeconfig, cluster_name, faults = _cluster_of(config, about.profile, about.system)
    return Run(
        name=name,
        folder=folder,
        cluster=connect(kubeconfig, config.getoption("--context")),
        cluster_name=cluster_name,
        documents=about.documents,
        system=about.system,
        profile=about.profile,
        profile_text=Path(config.getoption("--profile")).read_text(),
        probe_image=config.getoption("--probe-image"),
        say=_progress(config),
        ingress_address=config.getoption("--ingress-address"),
        faults=faults,
    )


def _point_latest_at(folder: Path) -> None:
    latest = ROOT / "out" / "latest"
    # A convenience, and no reason not to run: the report says the folder.
    with suppress(OSError):
        latest.parent.mkdir(exist_ok=True)
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.resolve())


def _cluster_of(config: pytest.Config, profile: Profile, system: System) -> tuple[Path, str, embedded.Faults | None]:
    """
    The way into the cluster under test, its name, and what can be done to its node.

    It is the one given, of whose nodes we know nothing, else the embedded one with the profile's images in it.
    """
    given = config.getoption("--kubeconfig")
    if given:
        return Path(given), f"{given} ({config.getoption('--context') or 'current context'})", None
    name = os.environ.get("KUBEPROOF_CLUSTER", "default")
    say = _progress(config)
    kubeconfig = embedded.up(name, progress=say)
    for image in profile.images:
        archive = build_image(
            image.name, ROOT / image.dockerfile, ROOT, image.group, image.base, cache=cache(), progress=say
        )
        embedded.load(name, archive)
    if any(read_rules(system.documents, kind) for kind in (INGRESS, HTTP_ROUTE)):
        # It has come up meanwhile, or nearly so; before that the Gateway API would be no kind of this cluster's.
        embedded.up(name, progress=lambda _: None, wait_for="ingress")
    return kubeconfig, f"embedded {name}", embedded.Faults(name)


def _progress(config: pytest.Config) -> Callable[[str], None]:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(text)
            reporter.flush()

    return say


@pytest.fixture
def prove(request: pytest.FixtureRequest, run: Run) -> Callable[[Planned], Verdict]:
    """Observe what a planned check reads, and judge it from the evidence file alone."""
    say, began = _progress(request.config), request.config.stash[SESSION].began

    def verdict(planned: Planned) -> Verdict:
        place, all_of_them = request.session.items.index(request.node) + 1, len(request.session.items)
        if planned.observation:  # what needs none is told at once
            elapsed = time.monotonic() - began
            say(f"{place:2} of {all_of_them}  {elapsed:4.0f} s  {planned.check}  {planned.subject}")
        try:
            with interruptible():
                run.observe(planned)
        except ApplyFailed as error:
            pytest.exit(f"the manifests were refused: {error}", returncode=Exit.NOT_DONE)
        except (CannotStart, NotWritten) as error:
            pytest.exit(str(error), returncode=Exit.NOT_DONE)
        except Exception as error:  # noqa: BLE001  an observer that broke is in the evidence, and judged UNKNOWN there
            say(f"        could not observe: {type(error).__name__}: {error}")
        evidence = read_evidence((run.folder / "evidence.jsonl").read_text())
        found = judge_planned(run.system, run.profile, evidence, planned)
        if found.outcome is Outcome.SKIPPED:
            pytest.skip(found.because)
        return found

    return verdict


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    # Of each frame, and of what came before, pytest makes a text first: more than a second, while somebody waits.
    if isinstance(excinfo.value, KeyboardInterrupt):
        excinfo.traceback = excinfo.traceback[-1:]
        excinfo.value.__cause__ = excinfo.value.__context__ = None


@pytest.hookimpl(trylast=True)  # after pytest's own, which tears the run down when it was interrupted
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    about = session.config.stash.get(SESSION, None)
    if about is not None and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        about.report, session.exitstatus = "no check was chosen; python -m conformance list prints them", Exit.NOT_DONE
    elif about is not None and about.folder is not None and exitstatus != Exit.NOT_DONE:
        try:
            _, about.report, session.exitstatus = judge_folder(about.folder)
        except (NotARun, OSError) as error:
            about.report, session.exitstatus = f"the run was not judged: {error}", Exit.NOT_DONE
    if pressed() or exitstatus == pytest.ExitCode.INTERRUPTED:
        session.exitstatus = Exit.INTERRUPTED
        gc.freeze()  # pytest looks through all that is left, for a second, while somebody waits


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    about = config.stash.get(SESSION, None)
    if about is not None and about.report:
        terminalreporter.write_line("")
        terminalreporter.write_line(about.report)
