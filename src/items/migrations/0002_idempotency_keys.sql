-- The first answer to each Idempotency-Key, so that a repeated POST /items makes one item, whichever pod it meets.
-- No reference to items: a replay gives the first answer even after the item was deleted.
CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,  -- a digest of what was asked for
    item_id INTEGER NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
