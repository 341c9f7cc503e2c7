"""
What runs inside the cluster for the harness: `python3 -m probe COMMAND`, a package by itself in the probe image.

Standard library only, so that any image with Python can carry it. Every command prints JSON lines on standard
output, one an observation, and never judges: an attempt that failed is a line with the words of its failure.
"""
