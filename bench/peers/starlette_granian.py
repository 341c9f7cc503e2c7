"""Starlette on granian (Rust) with an asyncpg pool and orjson: what is taken when speed comes first."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FIND = "SELECT id, name, description, created_at FROM items WHERE id = $1"
RENDERING = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hold the pool while the app runs."""
    async with asyncpg.create_pool(
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
        min_size=8,
        max_size=8,
        reset=no_reset,
    ) as app.state.pool:
        yield


async def no_reset(_: asyncpg.Connection) -> None:
    """Spare an exchange: nothing here changes the state of a connection."""


async def show(request: Request) -> Response:
    """Give an item."""
    row = await request.app.state.pool.fetchrow(FIND, request.path_params["item_id"])
    if row is None:
        raise HTTPException(404, "no such item")
    return Response(orjson.dumps(dict(row), option=RENDERING), media_type="application/json")


async def health(request: Request) -> Response:
    """Tell whether the database answers."""
    await request.app.state.pool.fetchval("SELECT 1")
    return JSONResponse({"status": "ok"})


app = Starlette(routes=[Route("/items/{item_id:int}", show), Route("/health", health)], lifespan=lifespan)
