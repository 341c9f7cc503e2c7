"""The command line: `kubeproof cluster up | down | status | kubeconfig | ingress | load | logs | build`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kubeproof.embedded import processes
from kubeproof.embedded.build import binaries
from kubeproof.embedded.errors import ClusterError, NotRunning
from kubeproof.embedded.folders import folders
from kubeproof.embedded.lifecycle import down, ingress, make_programs, up
from kubeproof.embedded.loading import load
from kubeproof.embedded.report import DNS_READY, INGRESS_READY, METRICS_READY, NODE_READY, Report
from kubeproof.interruption import interruptible, listening


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when not (the reason is on standard error), 2 for wrong usage."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        with interruptible():
            return command(given)
    except ClusterError as error:
        print(f"kubeproof cluster: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("kubeproof cluster: interrupted", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kubeproof cluster", description="The embedded Kubernetes cluster.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=run)
        command.add_argument("--name", default="default", help="which cluster (default: %(default)s)")
        return command

    starting = add("up", _up, "start a cluster, unless it runs already")
    promises = (NODE_READY, DNS_READY, INGRESS_READY, METRICS_READY)
    starting.add_argument(
        "--wait", choices=promises, default=DNS_READY, help="return when this is ready (default: %(default)s)"
    )
    building = add("build", _build, "build the programs without starting anything")
    for command in (starting, building):
        command.add_argument("--no-install", action="store_true", help="only say which Debian packages are missing")
    add("down", _down, "stop a cluster and remove everything of it")
    add("status", _status, "say what runs; exit 1 unless all of it does")
    add("kubeconfig", _kubeconfig, "print the path of the kubeconfig")
    add("ingress", _ingress, "print the URL of the ingress; the Host header and the path choose what answers there")
    add("load", _load, "import an image archive").add_argument("archive", type=Path, metavar="ARCHIVE")
    logs = add("logs", _logs, "print the log of a component")
    logs.add_argument("component", metavar="COMPONENT", help="such as kubelet, kube-apiserver, box")
    return parser


def _up(given: argparse.Namespace) -> int:
    up(given.name, _say, wait_for=given.wait, install=not given.no_install)
    return 0


def _down(given: argparse.Namespace) -> int:
    down(given.name, _say)
    return 0


def _build(given: argparse.Namespace) -> int:
    make_programs(_say, install=not given.no_install)
    _say(f"the programs are in {binaries()}")
    return 0


def _status(given: argparse.Namespace) -> int:
    place = folders(given.name)
    report = Report.read(place.report)
    runs = bool(processes.find(place.plan))
    if not runs:
        _say(f"cluster {given.name} is not up")
    for what, seconds in report.reached.items() if runs else ():
        if what not in report.exited:
            _say(f"{what:<24} ready after {seconds:.1f} s")
    for what, status in report.exited.items():
        _say(f"{what:<24} EXITED {status}; see: kubeproof cluster logs {what} --name {given.name}")
    if error := report.error():
        _say(str(error))
    whole = runs and DNS_READY in report.reached and not report.exited and not report.failure
    return 0 if whole else 1


def _kubeconfig(given: argparse.Namespace) -> int:
    place = folders(given.name)
    if not processes.find(place.plan):
        raise NotRunning(given.name)
    print(place.kubeconfig)
    return 0


def _ingress(given: argparse.Namespace) -> int:
    print(ingress(given.name))
    return 0


def _load(given: argparse.Namespace) -> int:
    if not given.archive.is_file():
        raise ClusterError(f"there is no image archive {given.archive}")
    load(given.name, given.archive)
    _say(f"{given.archive} is loaded into cluster {given.name}")
    return 0


def _logs(given: argparse.Namespace) -> int:
    place = folders(given.name)
    path = place.log / f"{given.component}.log"
    if not path.is_file():
        there = ", ".join(sorted(log.stem for log in place.log.glob("*.log"))) or "none"
        raise ClusterError(f"cluster {given.name} has no log of {given.component!r}; there are: {there}")
    with path.open(errors="replace") as log:
        for line in log:
            print(line, end="")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    with listening():
        sys.exit(main())
