"""What becomes of a workload without its database: checks that look at one window, or at one much like it."""
