"""
The naive path: Bottle, waitress with its defaults, pg8000 through the DB-API, a commit after each request.

What a first version of our own service would be, and the denominator of its promise.
"""

import json
import os
import threading

import pg8000.dbapi
import waitress
from bottle import Bottle, abort, response

FIND = "SELECT id, name, description, created_at FROM items WHERE id = %s"

app = Bottle()
mine = threading.local()


def connection() -> pg8000.dbapi.Connection:
    """Give the connection of this thread."""
    if not hasattr(mine, "connection"):
        mine.connection = pg8000.dbapi.connect(
            user=os.environ["DB_USER"],
            password=os.environ["DB_PASSWORD"],
            host=os.environ["DB_HOST"],
            port=int(os.environ["DB_PORT"]),
            database=os.environ["DB_NAME"],
        )
    return mine.connection


@app.get("/items/<item_id:int>")
def show(item_id: int) -> str:
    """Give an item."""
    cursor = connection().cursor()
    cursor.execute(FIND, (item_id,))
    row = cursor.fetchone()
    connection().commit()
    if row is None:
        abort(404)
    found = dict(zip(("id", "name", "description", "created_at"), row, strict=True))
    found["created_at"] = found["created_at"].isoformat() + "Z"
    response.content_type = "application/json"
    return json.dumps(found, separators=(",", ":"))


@app.get("/health")
def health() -> dict[str, str]:
    """Tell whether the database answers."""
    connection().cursor().execute("SELECT 1")
    connection().commit()
    return {"status": "ok"}


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
