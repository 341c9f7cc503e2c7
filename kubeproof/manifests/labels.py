"""Labels as a value: sorted (key, value) pairs, so that two equal declarations are equal."""

Labels = tuple[tuple[str, str], ...]
