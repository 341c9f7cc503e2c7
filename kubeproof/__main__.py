"""`python -m kubeproof` is the command `kubeproof`."""

from kubeproof.cli import command

command()
