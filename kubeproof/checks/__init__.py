"""The judges: pure functions from declared values and evidence lines to verdicts."""
