"""Who is measured: our services and their peers, each started as its users would start it."""

from bench.services.server import Contestant

READINESS = {"X-Probe": "readiness"}
UVICORN = ("--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop", "--http", "httptools", "--no-access-log")
GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8")
GRANIAN = ("--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop", "--log-level", "warning")
PEERS = "bench/peers"

OURS = Contestant(
    "ours (Bottle, waitress, pg8000)",
    "items",
    ("-m", "items"),
    imports="src",
    ready=READINESS,
    variables={"READY_DB_GRACE": "0"},  # as in manifests/base: ready means that the database was seen
)
CONSUMER = Contestant("our consumer", "consumer", ("-m", "consumer"), imports="src", ready=READINESS)
NAIVE = Contestant("naive (Bottle, waitress, pg8000)", "peer-naive", ("-m", "bottle_naive"), imports=PEERS)

CONTESTANTS = (
    OURS,
    NAIVE,
    Contestant(
        "FastAPI, uvicorn, asyncpg", "peer-fastapi", ("-m", "uvicorn", "fastapi_asyncpg:app", *UVICORN), imports=PEERS
    ),
    Contestant(
        "Starlette, granian, asyncpg",
        "peer-starlette",
        ("-m", "granian", "--interface", "asgi", *GRANIAN, "starlette_granian:app"),
        imports=PEERS,
    ),
    Contestant("Flask, gunicorn, psycopg", "peer-flask", (*GUNICORN, "flask_psycopg:app"), imports=PEERS),
    Contestant("Falcon, gunicorn, psycopg", "peer-falcon", (*GUNICORN, "falcon_psycopg:app"), imports=PEERS),
)
