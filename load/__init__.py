"""Load on a running service: Locust users that know an address and a path, and nothing of what is judged."""
