"""Falcon on gunicorn's threads with a psycopg 3 pool, which prepares what was asked five times."""

import json
import os
from functools import partial

import falcon
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

FIND = "SELECT id, name, description, created_at FROM items WHERE id = %s"

pool = ConnectionPool(
    kwargs={
        "host": os.environ["DB_HOST"],
        "port": os.environ["DB_PORT"],
        "user": os.environ["DB_USER"],
        "password": os.environ["DB_PASSWORD"],
        "dbname": os.environ["DB_NAME"],
        "autocommit": True,
        "row_factory": dict_row,
    },
    min_size=8,
    max_size=8,
    open=True,
)


class Items:
    """One item of the table."""

    def on_get(self, _request: falcon.Request, response: falcon.Response, item_id: int) -> None:
        """Give an item."""
        with pool.connection() as connection:
            row = connection.execute(FIND, (item_id,)).fetchone()
        if row is None:
            raise falcon.HTTPNotFound
        row["created_at"] = row["created_at"].isoformat() + "Z"
        response.media = row


class Health:
    """Readiness."""

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Tell whether the database answers."""
        with pool.connection() as connection:
            connection.execute("SELECT 1")
        response.media = {"status": "ok"}


app = falcon.App()
compact = falcon.media.JSONHandler(dumps=partial(json.dumps, separators=(",", ":")))
app.resp_options.media_handlers[falcon.MEDIA_JSON] = compact
app.add_route("/items/{item_id:int}", Items())
app.add_route("/health", Health())
