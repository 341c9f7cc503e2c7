"""The command `kubeproof`. What one of its commands needs is imported when that one is called."""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from kubeproof.command_line import Parser, as_program, left
from kubeproof.run_options import ALL, OPTIONS, taken
from kubeproof.sources import MUTANTS, PROFILE
from kubeproof.verdict import Exit

SCHEMA = Path(__file__).with_name("profile") / "schema.json"
PAGE = Path(__file__).parents[1] / "docs" / "profile.md"


def command() -> NoReturn:
    """Be the command of this process."""
    if sys.argv[1:2] == ["run"]:
        # A session of pytest, which listens to Ctrl-C by itself: so it does where somebody else calls pytest.
        left(_session)
    as_program(main)


def _session() -> int:
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:  # before it was one
        return Exit.INTERRUPTED


def main(arguments: list[str]) -> int:
    """Run one command; give the exit status."""
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest and not chosen.takes_more:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    chosen.rest = rest
    status: int = chosen.run(chosen)
    return status


def _parser() -> Parser:
    parser = Parser(prog="kubeproof", description="Prove on a live cluster what Kubernetes manifests promise.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, does: str, *, takes_more: bool = False, helps: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name, help=does, description=f"{does[0].upper()}{does[1:]}.", allow_abbrev=False, add_help=helps
        )
        made.set_defaults(takes_more=takes_more)
        return made

    proving = add("prove", "prove what can be told from manifests, without a cluster")
    _add_prove(proving)
    proving.set_defaults(run=_prove)
    running = add("run", "prove a system on a cluster; what else is said goes to pytest, such as -k", takes_more=True)
    for option in OPTIONS:
        running.add_argument(f"--{option.name}", **taken(option))
    running.set_defaults(run=_run)
    judging = add("judge", "judge a run again from its folder, without a cluster")
    judging.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of a run, such as out/latest")
    judging.add_argument("--all", action="store_true", help=ALL)
    judging.set_defaults(run=_judge)
    listing = add("list", "print every check: its name, its law, what it needs from the cluster")
    listing.add_argument("--document", action="store_true", help="print the page docs/checks.md instead")
    listing.add_argument(
        "--mutants",
        type=Path,
        metavar="DIR",
        default=MUTANTS,
        help="the seeded defects that it names (%(default)s)",
    )
    listing.set_defaults(run=_list)
    profile = add("profile", f"print the JSON schema of {PROFILE}")
    profile.add_argument(
        "--write", action="store_true", help="write it, and the page that explains it, to their places instead"
    )
    profile.set_defaults(run=_profile)
    # It has commands and options of its own, --help among them.
    cluster = add("cluster", "the embedded cluster: up, down, status, kubeconfig, ...", takes_more=True, helps=False)
    cluster.add_argument("arguments", nargs=argparse.REMAINDER)
    cluster.set_defaults(run=_cluster)
    schemas = add("schemas", "renew the saved schemas of the Kubernetes API from a cluster")
    schemas.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", required=True, help="a cluster of the version to save"
    )
    schemas.set_defaults(run=_schemas)
    return parser


def _add_prove(parser: argparse.ArgumentParser) -> None:
    """Add the options of `prove`."""
    parser.add_argument(
        "--manifests",
        type=Path,
        metavar="PATH",
        help="a kustomization, a folder of YAML, a file, or - for standard input (default: what the profile names)",
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help=f"what the architecture says (default: {PROFILE} here or beside the manifests, else none)",
    )
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write the findings for code scanning")
    parser.add_argument("--all", action="store_true", help="tell what holds as well, place by place")
    parser.add_argument(
        "--pairs",
        action="store_true",
        help="show who may talk to whom, and the parts of policies that no declared pair needs",
    )


def _missing(command: str, extra: str, modules: tuple[str, ...]) -> str | None:
    """The sentence that says what to install, or None when all of it is there."""
    absent = [module for module in modules if find_spec(module) is None]
    if not absent:
        return None
    return f"kubeproof {command} needs {' and '.join(absent)}: pip install 'kubeproof[{extra}]'"


def _prove(chosen: argparse.Namespace) -> int:
    from kubeproof import prove

    return prove.run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    if sentence := _missing("run", "run", ("pytest", "kubernetes")):
        print(sentence, file=sys.stderr)
        return Exit.NOT_DONE
    import pytest

    given = {option.name: getattr(chosen, option.name.replace("-", "_")) for option in OPTIONS}
    # Nothing of a configuration of pytest that happens to lie here, nor of plugins that happen to be installed: xdist
    # is among those we know, to tell in words why its -n cannot be.
    alone = ["-c", os.devnull, "--noconftest", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
    plugins = ["kubeproof.pytest_plugin", *(["xdist"] if find_spec("xdist") else [])]
    arguments = [
        # The report at the end says all that pytest's own summary would.
        *(f"--rootdir={os.getcwd()}", "-q", "-rN", *alone),
        *(part for plugin in plugins for part in ("-p", plugin)),
        *("--kubeproof", *(_passed_on(name, value) for name, value in given.items() if value)),
        *chosen.rest,
    ]
    status = int(pytest.main(arguments))
    return Exit.NOT_DONE if status == pytest.ExitCode.USAGE_ERROR else status


def _passed_on(name: str, value: str | bool) -> str:
    """An option of `run` as the one of the plugin."""
    return f"--kubeproof-{name}" if value is True else f"--kubeproof-{name}={value}"


def _judge(chosen: argparse.Namespace) -> int:
    from kubeproof.conclusion import NotARun, judge_folder

    try:
        _, text, status = judge_folder(chosen.folder, everything=chosen.all)
    except (NotARun, OSError) as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    print(text)
    return status


def _list(chosen: argparse.Namespace) -> int:
    from kubeproof.checks.catalogue import CHECKS
    from kubeproof.rules.catalogue import RULES

    if chosen.document:
        return _document(chosen.mutants)
    listed = [(rule.name, rule.law, "nothing: manifests and profile are enough") for rule in RULES]
    listed += [(check.name, check.law, check.needs) for check in CHECKS]
    width = max(len(name) for name, _, _ in listed)
    for name, law, needs in listed:
        print(f"{name:<{width}}  {law}\n{'':<{width}}  needs: {needs}")
    return Exit.HOLDS


def _document(folder: Path) -> int:
    from kubeproof.checks.catalogue import CHECKS
    from kubeproof.mutants.mutant import MutantError, killers, read_mutants
    from kubeproof.report.checks_document import checks_document

    try:
        mutants = read_mutants(folder) if folder.is_dir() else ()
    except MutantError as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    print(checks_document(CHECKS, killers(mutants)), end="")
    return Exit.HOLDS


def _profile(chosen: argparse.Namespace) -> int:
    from kubeproof.profile.reading import profile_schema
    from kubeproof.report.profile_document import profile_document

    schema = profile_schema()
    text = json.dumps(schema, indent=2) + "\n"
    if not chosen.write:
        print(text, end="")
        return Exit.HOLDS
    if not PAGE.is_file():
        print(f"there is no page {PAGE} to write: this is no checkout of kubeproof", file=sys.stderr)
        return Exit.NOT_DONE
    SCHEMA.write_text(text, encoding="utf-8")
    PAGE.write_text(profile_document(schema), encoding="utf-8")
    return Exit.HOLDS


def _cluster(chosen: argparse.Namespace) -> int:
    if sentence := _missing("cluster", "cluster", ("cryptography",)):
        print(sentence, file=sys.stderr)
        return Exit.NOT_DONE
    from kubeproof.embedded.__main__ import main as embedded

    return embedded([*chosen.arguments, *chosen.rest])


def _schemas(chosen: argparse.Namespace) -> int:
    from kubeproof.manifests.rendering import NoKubectl, find_kubectl
    from kubeproof.manifests.schema import SAVED
    from kubeproof.manifests.schema_refresh import CannotRefresh, refresh

    try:
        print(f"{SAVED}: {refresh(SAVED, kubectl=find_kubectl(), kubeconfig=chosen.kubeconfig)}")
    except (CannotRefresh, NoKubectl) as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    return Exit.HOLDS
