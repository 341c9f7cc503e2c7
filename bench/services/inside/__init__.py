"""Programs that measure a part of a service from inside: run by its Python, they print one JSON value."""
