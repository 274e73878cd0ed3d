-- What came in and what went out. Bookkeeping, not part of the trail.
CREATE TABLE delivery (
    n       INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    door    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    handled INTEGER NOT NULL DEFAULT 0,
    answer  TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX delivery_unhandled ON delivery (n) WHERE handled = 0;

CREATE TABLE delivery_key (
    key      TEXT    NOT NULL PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES delivery (n)
) STRICT;

CREATE INDEX delivery_key_delivery ON delivery_key (delivery);

CREATE TABLE message (
    purpose    TEXT    NOT NULL PRIMARY KEY,
    channel    TEXT    NOT NULL,
    ts         TEXT    NOT NULL,
    thread     TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    fate       TEXT    NOT NULL,
    shown      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
