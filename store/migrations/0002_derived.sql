-- The sum of the events, written by project and by nothing else.
CREATE TABLE estate (
    name   TEXT    NOT NULL PRIMARY KEY,
    opened INTEGER NOT NULL -- event of its first upgrade
) STRICT;

CREATE TABLE upgrade (
    id      TEXT    NOT NULL PRIMARY KEY,
    estate  TEXT    NOT NULL REFERENCES estate (name),
    channel TEXT    NOT NULL,
    team    TEXT    NOT NULL,
    opened  INTEGER NOT NULL, -- its event
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE request (
    upgrade TEXT    NOT NULL REFERENCES upgrade (id),
    id      TEXT    NOT NULL,
    number  INTEGER NOT NULL, -- counts within the upgrade
    state   TEXT    NOT NULL,
    ended   INTEGER NOT NULL, -- 1 when its life is over
    first   INTEGER NOT NULL, -- event that began it
    last    INTEGER NOT NULL, -- its latest event
    body    TEXT    NOT NULL, -- runbook.Request as JSON
    PRIMARY KEY (upgrade, id)
) STRICT;

CREATE UNIQUE INDEX request_number ON request (upgrade, number);

CREATE TABLE step (
    upgrade  TEXT    NOT NULL,
    request  TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    intent   INTEGER NOT NULL, -- event of the first intent
    before   TEXT    NOT NULL, -- of the first intent, never of a later one
    attempts INTEGER NOT NULL,
    open     INTEGER NOT NULL, -- 1 while an intent has no outcome
    result   TEXT    NOT NULL,
    last     INTEGER NOT NULL,
    PRIMARY KEY (upgrade, request, id),
    FOREIGN KEY (upgrade, request) REFERENCES request (upgrade, id)
) STRICT;

CREATE TABLE timer (
    upgrade   TEXT    NOT NULL REFERENCES upgrade (id),
    id        TEXT    NOT NULL,
    due       INTEGER NOT NULL, -- Unix milliseconds, UTC
    line      TEXT    NOT NULL, -- what is said to the router when it is due
    origin    TEXT    NOT NULL, -- the request on whose behalf
    void_when TEXT    NOT NULL, -- 'state not in a,b': when origin leaves these states
    laid      INTEGER NOT NULL, -- event that laid it
    voided    INTEGER NOT NULL, -- event that made it void, 0 while it stands
    PRIMARY KEY (upgrade, id)
) STRICT;

CREATE INDEX timer_due ON timer (due) WHERE voided = 0;
