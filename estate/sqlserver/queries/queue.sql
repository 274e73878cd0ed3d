-- The event queue: how many events wait, and between which ids (itms.md 1).
-- Read uncommitted, so that the look never holds up the dispatcher.
-- needs dbo.EventQueueEntry (id)
SELECT
    SYSUTCDATETIME() AS now,
    COUNT_BIG(*) AS depth,
    CAST(MIN(id) AS bigint) AS oldest,
    CAST(MAX(id) AS bigint) AS newest
FROM dbo.EventQueueEntry WITH (READUNCOMMITTED);
