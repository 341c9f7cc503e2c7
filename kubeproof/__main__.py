"""`python -m kubeproof` is the command `kubeproof`."""

import sys

from kubeproof.cli import command

sys.exit(command())
