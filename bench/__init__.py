"""Measurements: numbers beside what was promised and what a peer needs. Never a timed test."""
