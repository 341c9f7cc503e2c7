"""Flask on gunicorn's threads with a psycopg 3 pool, which prepares what was asked five times."""

import os

from flask import Flask, Response, abort
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

FIND = "SELECT id, name, description, created_at FROM items WHERE id = %s"

app = Flask(__name__)
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


@app.get("/items/<int:item_id>")
def show(item_id: int) -> Response:
    """Give an item."""
    with pool.connection() as connection:
        row = connection.execute(FIND, (item_id,)).fetchone()
    if row is None:
        abort(404)
    row["created_at"] = row["created_at"].isoformat() + "Z"
    return Response(app.json.dumps(row, sort_keys=False, separators=(",", ":")), mimetype="application/json")


@app.get("/health")
def health() -> dict[str, str]:
    """Tell whether the database answers."""
    with pool.connection() as connection:
        connection.execute("SELECT 1")
    return {"status": "ok"}
