"""FastAPI on uvicorn (uvloop, httptools) with an asyncpg pool, which prepares what it asks and keeps it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

FIND = "SELECT id, name, description, created_at AT TIME ZONE 'UTC' AS created_at FROM items WHERE id = $1"


class Item(BaseModel):
    """What is answered; pydantic renders it."""

    id: int
    name: str
    description: str | None
    created_at: datetime


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the pool while the app runs."""
    async with asyncpg.create_pool(
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
        min_size=8,
        max_size=8,
    ) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/items/{item_id}")
async def show(item_id: int) -> Item:
    """Give an item."""
    row = await app.state.pool.fetchrow(FIND, item_id)
    if row is None:
        raise HTTPException(404, "no such item")
    return Item(**row)


@app.get("/health")
async def health() -> dict[str, str]:
    """Tell whether the database answers."""
    await app.state.pool.fetchval("SELECT 1")
    return {"status": "ok"}
