"""Seeded defects: what a system looks like when a law is broken, and the checks that must turn red on it."""
