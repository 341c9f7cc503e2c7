"""Everything that touches the cluster: runners that append evidence and never judge it."""
