"""Programs that tests and benchmarks run as children of their own, and leave nothing of."""
