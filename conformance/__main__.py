"""The commands that need no cluster, or only ask one: list, prove, judge, schemas, profile."""

import argparse
import json
import sys
from pathlib import Path

from conformance import proving
from conformance.command_line import Parser, as_program
from conformance.conclusion import NotARun, judge_folder
from conformance.declared.profile import profile_schema
from conformance.declared.render import NoKubectl, find_kubectl
from conformance.declared.schema import SAVED
from conformance.declared.schema_refresh import CannotRefresh, refresh
from conformance.report.profile_document import profile_document
from conformance.verdicts.verdict import Exit

SCHEMA = Path(__file__).with_name("declared") / "profile.schema.json"
PAGE = Path(__file__).parents[1] / "docs" / "profile.md"


def main(arguments: list[str]) -> int:
    """Run one command; give the exit status."""
    chosen = _parser().parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


def _parser() -> Parser:
    parser = Parser(prog="python -m conformance", description="What needs no cluster to be proved on.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")

    listed = command("list", "print every check: its name, its law, what it needs from the cluster")
    listed.set_defaults(run=_list)
    prove = command("prove", "prove what can be told from manifests, without a cluster")
    proving.add_arguments(prove)
    prove.set_defaults(run=proving.run)
    judge = command("judge", "judge a run again from its folder, without a cluster")
    judge.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of a run, such as out/latest")
    judge.set_defaults(run=_judge)
    schemas = command("schemas", "renew the saved schemas of the Kubernetes API from a cluster")
    schemas.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", required=True, help="a cluster of the version to save"
    )
    schemas.set_defaults(run=_schemas)
    profile = command("profile", "print the JSON schema of kubeproof.toml")
    profile.add_argument(
        "--write", action="store_true", help="write it, and the page that explains it, to their places instead"
    )
    profile.set_defaults(run=_profile)
    return parser


def _list(_: argparse.Namespace) -> int:
    # Here and not above: judging must work where no Kubernetes client is installed.
    from conformance.catalogue import CHECKS

    width = max(len(check.name) for check in CHECKS)
    for check in CHECKS:
        print(f"{check.name:<{width}}  {check.law}\n{'':<{width}}  needs: {check.needs}")
    return Exit.HOLDS


def _judge(chosen: argparse.Namespace) -> int:
    try:
        _, text, status = judge_folder(chosen.folder)
    except (NotARun, OSError) as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    print(text)
    return status


def _schemas(chosen: argparse.Namespace) -> int:
    try:
        print(f"{SAVED}: {refresh(SAVED, kubectl=find_kubectl(), kubeconfig=chosen.kubeconfig)}")
    except (CannotRefresh, NoKubectl) as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    return Exit.HOLDS


def _profile(chosen: argparse.Namespace) -> int:
    schema = profile_schema()
    text = json.dumps(schema, indent=2) + "\n"
    if not chosen.write:
        print(text, end="")
        return Exit.HOLDS
    SCHEMA.write_text(text, encoding="utf-8")
    PAGE.write_text(profile_document(schema), encoding="utf-8")
    return Exit.HOLDS


if __name__ == "__main__":
    as_program(main)
