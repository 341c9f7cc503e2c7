"""
The statements of the store. Each is one question: it needs no transaction around it, and PostgreSQL renders the JSON.

Parameters are sent as text; a CAST says what one is where nothing else does.
"""

MAX_PAGE_TEXT = 1024 * 1024
"""Bytes of description after which a page ends early: a hundred large items would not fit into a pod's memory."""

# ISO 8601; the column has no time zone, the session's is UTC.
_TIME = """to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_ITEM = f"(SELECT row_to_json(item) FROM (SELECT id, name, description, {_TIME} AS created_at) AS item)::text"

FIND = f"SELECT {_ITEM} FROM items WHERE id = $1"

CHANGE = f"UPDATE items SET name = $2, description = $3 WHERE id = $1 RETURNING {_ITEM}"

REMOVE = "DELETE FROM items WHERE id = $1 RETURNING id"

ADD = f"INSERT INTO items (name, description) VALUES ($1, $2) RETURNING id, {_ITEM}"

# The items after $1, at most $2. One more is looked at, to say whether there is a next page; only what is shown is
# rendered. octet_length of a large text reads its head alone.
PAGE = f"""
WITH seen AS (
    SELECT *, row_number() OVER before AS place, sum(octet_length(coalesce(description, ''))) OVER before AS size
    FROM (SELECT * FROM items WHERE id > $1 ORDER BY id LIMIT CAST($2 AS int) + 1) AS next
    WINDOW before AS (ORDER BY id)
), shown AS (
    SELECT id, {_ITEM} AS item FROM seen
    WHERE place <= CAST($2 AS int) AND (place = 1 OR size <= {MAX_PAGE_TEXT})
)
SELECT concat(
    '{{"items":[', string_agg(item, ',' ORDER BY id),
    '],"next":', CASE WHEN (SELECT count(*) FROM seen) > count(*) THEN max(id)::text ELSE 'null' END, '}}'
) FROM shown
"""

SUMMARY = f"""
SELECT concat(
    '{{"count":', (SELECT count(*) FROM items),
    ',"newest":', coalesce((SELECT {_ITEM} FROM items ORDER BY id DESC LIMIT 1), 'null'), '}}'
)
"""

# Key, digest of the request, name, description. The answer was either given before, or is made and kept now. Two at
# once: the second waits for the first at the primary key, and fails there if the first succeeds (23505).
ADD_ONCE = f"""
WITH made AS (
    INSERT INTO items (name, description)
    SELECT CAST($3 AS text), CAST($4 AS text)
    WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE key = $1)
    RETURNING id, {_ITEM} AS answer
), kept AS (
    INSERT INTO idempotency_keys (key, request, item_id, answer)
    SELECT $1, $2, id, answer FROM made
)
SELECT id, answer, $2, NULL FROM made
UNION ALL
SELECT item_id, answer, request, 'replayed' FROM idempotency_keys WHERE key = $1
"""

# SKIP LOCKED: every pod sweeps, none waits for another.
SWEEP = """
DELETE FROM idempotency_keys WHERE key IN (
    SELECT key FROM idempotency_keys WHERE created_at < now() - CAST($1 AS interval)
    ORDER BY created_at LIMIT CAST($2 AS int) FOR UPDATE SKIP LOCKED
) RETURNING key
"""
