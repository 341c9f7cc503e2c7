"""The options of a run, said once: for `kubeproof run`, and with `--kubeproof-` before them for pytest."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Option:
    """One option: its name without hyphens before it, its value as help calls it (a flag has none), what it means."""

    name: str
    value: str | None
    help: str


ALL = "tell the premises of each verdict as well, with their lines"
OPTIONS = (
    Option("kubeconfig", "FILE", "the cluster to prove it on (default: KUBECONFIG, else the embedded one)"),
    Option("context", "NAME", "a context of the kubeconfig (default: its current one)"),
    Option("manifests", "PATH", "a kustomization, a folder of YAML or a file (default: what the profile names)"),
    Option("profile", "FILE", "what the architecture says (default: kubeproof.toml)"),
    Option("out", "DIR", "folder of the run (default: out/<run>)"),
    Option("probe-image", "IMAGE", "image of the harness's own pods (default: the one built for the embedded cluster)"),
    Option(
        "ingress-address",
        "HOST[:PORT]",
        "where the ingress controller listens, as a pod sees it (default: what it says in status)",
    ),
    Option("all", None, ALL),
)


def taken(option: Option) -> dict[str, Any]:
    """How a parser of arguments, or pytest, takes an option."""
    how = {"action": "store_true"} if option.value is None else {"metavar": option.value}
    return {"help": option.help, **how}
