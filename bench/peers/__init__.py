"""
The same service as others would write it: GET /items/{id} and GET /health, the same bytes as ours.

Each module stands alone: it is run by the Python of its own virtual environment (dependency groups `peer-*` of
pyproject.toml), knows nothing of this project, and takes the database from the DB_ variables. Each holds 8 database
connections, as its users would for 8 threads; none writes an access log, request ids or metrics, which ours does.
"""
