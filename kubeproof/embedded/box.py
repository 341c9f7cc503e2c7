"""PID 1 of the node box: `python -m kubeproof.embedded.box PLAN API INGRESS`, run by lifecycle.py in fresh namespaces.

PLAN is the path of plan.json, API and INGRESS are the numbers of the inherited listening sockets. Prepares the node,
starts the components, opens the relays, reaps orphans. Ends (and with it the whole box) only when the start fails;
the reason is in the report then. A component that ends later is reported, and the rest runs on.
"""

import os
import resource
import socket
import sys
import threading
from pathlib import Path

from kubeproof.embedded import node, relay, volumes
from kubeproof.embedded.errors import ClusterError
from kubeproof.embedded.folders import Folders
from kubeproof.embedded.plan import INGRESS_ADDRESS, Plan
from kubeproof.embedded.report import DNS_READY, Report, Reporter
from kubeproof.embedded.settings import write_settings
from kubeproof.embedded.starting import Starter


def main(arguments: list[str]) -> None:
    """Run the box; returns never."""
    _raise_descriptor_limit()
    plan = Plan.read(Path(arguments[0]))
    api, ingress = (socket.socket(fileno=int(number)) for number in arguments[1:3])
    reporter = Reporter(Folders(plan.name, plan.state).report)
    starter = Starter(plan, reporter)
    _background(_live, plan, starter, reporter)
    _background(relay.serve, api, ("127.0.0.1", 6443))
    _background(relay.serve, ingress, (INGRESS_ADDRESS, 80))
    starter.children.reap_forever()


def _raise_descriptor_limit(wanted: int = 65536) -> None:
    """The usual 1024 descriptors are few for the relay (two per connection) and for etcd and containerd."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _live(plan: Plan, starter: Starter, reporter: Reporter) -> None:
    try:
        node.prepare(plan, starter.children.run)
        write_settings(plan)
        _background(volumes.open_forever, node.HOSTPATH)
        starter.start()
    except ClusterError as error:
        # Once pods can run, a late promise (metrics, ingress) is worth a word in the report, not the cluster.
        reporter.fail(error)
        if DNS_READY not in Report.read(Folders(plan.name, plan.state).report).reached:
            os._exit(1)
    except BaseException as error:
        reporter.fail(ClusterError(f"the box broke: {error!r}; its log: {plan.log}/box.log"))
        raise


def _background(work: object, *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1:])
