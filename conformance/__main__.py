"""
What needs no cluster: `python -m conformance list | prove | judge FOLDER | schemas --kubeconfig FILE | profile`.

`list` prints every check with its law and its needs, `prove` proves what can be told from manifests, `judge` judges a
run again, `schemas` renews the saved schemas of the Kubernetes API, `profile` writes the JSON schema of kubeproof.toml.
Exit status of prove and judge: 0 all asked for holds, 1 something is broken, 2 something cannot be judged, 3 it could
not start.
"""

import argparse
import json
import sys
from pathlib import Path

from conformance import proving
from conformance.conclusion import NotARun, judge_folder
from conformance.declared.profile import profile_schema
from conformance.declared.render import NoKubectl, find_kubectl
from conformance.declared.schema import SAVED
from conformance.declared.schema_refresh import CannotRefresh, refresh
from conformance.report.profile_document import profile_document

NOT_STARTED = 3
SCHEMA = Path(__file__).with_name("declared") / "profile.schema.json"
PAGE = Path(__file__).parents[1] / "docs" / "profile.md"


def main(arguments: list[str]) -> int:
    """Run one command; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every check: name, law, what it needs from the cluster")
    judge = commands.add_parser("judge", help="judge a run again from its folder, without a cluster")
    judge.add_argument("folder", type=Path, help="the folder of a run, such as out/latest")
    prove = commands.add_parser("prove", help="prove what can be told from manifests")
    proving.add_arguments(prove)
    schemas = commands.add_parser("schemas", help="renew the saved schemas of the Kubernetes API")
    schemas.add_argument("--kubeconfig", type=Path, required=True, help="a cluster of the version to save")
    profile = commands.add_parser("profile", help="print the JSON schema of kubeproof.toml")
    profile.add_argument(
        "--write", action="store_true", help="write it, and the page that explains it, to their places"
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "list":
        print(listing())
        return 0
    if chosen.command == "profile":
        return _profile(write=chosen.write)
    if chosen.command == "prove":
        return proving.run(chosen)
    return _schemas(chosen.kubeconfig) if chosen.command == "schemas" else _judge(chosen.folder)


def _profile(*, write: bool) -> int:
    schema = profile_schema()
    text = json.dumps(schema, indent=2) + "\n"
    if not write:
        print(text, end="")
        return 0
    SCHEMA.write_text(text, encoding="utf-8")
    PAGE.write_text(profile_document(schema), encoding="utf-8")
    return 0


def _schemas(kubeconfig: Path) -> int:
    try:
        print(f"{SAVED}: {refresh(SAVED, kubectl=find_kubectl(), kubeconfig=kubeconfig)}")
    except (CannotRefresh, NoKubectl) as error:
        print(error, file=sys.stderr)
        return NOT_STARTED
    return 0


def _judge(folder: Path) -> int:
    try:
        _, text, status = judge_folder(folder)
    except (NotARun, OSError) as error:
        print(error, file=sys.stderr)
        return NOT_STARTED
    print(text)
    return status


def listing() -> str:
    """Every check, from the code: name, law, needs."""
    # Here and not above: judging must work where no Kubernetes client is installed.
    from conformance.catalogue import CHECKS

    width = max(len(check.name) for check in CHECKS)
    return "\n".join(f"{check.name:<{width}}  {check.law}\n{'':<{width}}  needs: {check.needs}" for check in CHECKS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
