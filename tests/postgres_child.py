"""The PostgreSQL of the tests: see children/postgres.py."""

from children.postgres import NAME, PASSWORD, USER, PostgresChild, free_port, postgres_child

__all__ = ["NAME", "PASSWORD", "USER", "PostgresChild", "free_port", "postgres_child"]
