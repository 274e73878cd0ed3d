-- The trail. Rows are added and never changed; see doc.go for the hash.
CREATE TABLE event (
    n          INTEGER PRIMARY KEY,
    upgrade    TEXT    NOT NULL,
    at         INTEGER NOT NULL, -- Unix milliseconds, UTC
    actor_team TEXT    NOT NULL, -- empty for the bot and the clock
    actor      TEXT    NOT NULL,
    door       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    request    TEXT    NOT NULL, -- empty for what belongs to no request
    step       TEXT    NOT NULL,
    delivery   INTEGER NOT NULL, -- 0 for what nobody sent
    body       TEXT    NOT NULL, -- canonical JSON, or empty
    prev       TEXT    NOT NULL, -- hash of event n-1, 64 zeros for the first
    hash       TEXT    NOT NULL
) STRICT;

CREATE INDEX event_request ON event (upgrade, request, n) WHERE request <> '';

CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER event_is_not_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'an event is never removed');
END;

-- INSERT OR REPLACE removes a row without asking the trigger above, unless
-- recursive_triggers is on. This one does not depend on a setting.
CREATE TRIGGER event_follows BEFORE INSERT ON event
BEGIN
    SELECT RAISE(ABORT, 'an event follows the last one')
    WHERE NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM event)
       OR NEW.prev IS NOT coalesce(
            (SELECT hash FROM event ORDER BY n DESC LIMIT 1),
            '0000000000000000000000000000000000000000000000000000000000000000');
END;

-- What was put into FILE.anchors, and when.
CREATE TABLE anchor (
    n    INTEGER PRIMARY KEY,
    hash TEXT    NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TRIGGER anchor_is_not_changed BEFORE UPDATE ON anchor
BEGIN
    SELECT RAISE(ABORT, 'an anchor is never changed');
END;

CREATE TRIGGER anchor_is_not_removed BEFORE DELETE ON anchor
BEGIN
    SELECT RAISE(ABORT, 'an anchor is never removed');
END;

-- The exact bytes that were digested and approved.
CREATE TABLE plan (
    digest TEXT NOT NULL PRIMARY KEY, -- SHA-256 of bytes
    bytes  BLOB NOT NULL
) STRICT;

CREATE TRIGGER plan_is_not_changed BEFORE UPDATE ON plan
BEGIN
    SELECT RAISE(ABORT, 'a plan is never changed');
END;

CREATE TRIGGER plan_is_not_removed BEFORE DELETE ON plan
BEGIN
    SELECT RAISE(ABORT, 'a plan is never removed');
END;

-- Facts too large for an event.
CREATE TABLE artifact (
    sha256 TEXT NOT NULL PRIMARY KEY, -- of bytes
    bytes  BLOB NOT NULL
) STRICT;

CREATE TRIGGER artifact_is_not_changed BEFORE UPDATE ON artifact
BEGIN
    SELECT RAISE(ABORT, 'an artifact is never changed');
END;

CREATE TRIGGER artifact_is_not_removed BEFORE DELETE ON artifact
BEGIN
    SELECT RAISE(ABORT, 'an artifact is never removed');
END;

-- Raised by every program that opens the file to write; each group of writes
-- checks that it is still its own.
CREATE TABLE writer (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    fence INTEGER NOT NULL
) STRICT;

INSERT INTO writer (one, fence) VALUES (1, 0);
