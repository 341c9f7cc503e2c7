"""How the size of a workload follows its load, and what must have been so for that to mean anything."""
