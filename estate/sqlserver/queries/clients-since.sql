-- How far back configuration requests are kept; the computers whose last one is younger
-- than so many seconds; which agents these have (itms.md 4). Of several versions of an
-- agent the latest counts, by its numbers. Event times are local, as the SMP has written
-- them; those that cannot be are left out, because DATEDIFF would end in an error.
-- Read uncommitted, so that the look never holds up the dispatcher.
-- needs dbo.vComputer (Guid, Name, IP Address)
-- needs dbo.Inv_AeX_AC_Client_Agent (_ResourceGuid, Agent Name, Product Version)
-- needs dbo.Evt_NS_Client_Config_Request (_ResourceGuid, _eventTime)
SELECT
    SYSUTCDATETIME() AS now,
    DATEDIFF(second, MIN(e._eventTime), SYSDATETIME()) AS reach_seconds
FROM dbo.Evt_NS_Client_Config_Request AS e WITH (READUNCOMMITTED)
WHERE e._eventTime BETWEEN DATEADD(year, -20, SYSDATETIME()) AND DATEADD(year, 20, SYSDATETIME());

WITH asked AS (
    SELECT e._ResourceGuid AS guid, MAX(e._eventTime) AS last
    FROM dbo.Evt_NS_Client_Config_Request AS e WITH (READUNCOMMITTED)
    WHERE e._eventTime BETWEEN DATEADD(second, -CONVERT(int, @seconds), SYSDATETIME()) AND DATEADD(year, 20, SYSDATETIME())
    GROUP BY e._ResourceGuid
)
SELECT TOP (5000)
    LOWER(CONVERT(nvarchar(36), q.guid)) AS guid,
    c.name,
    c.address,
    DATEDIFF(second, q.last, SYSDATETIME()) AS age_seconds,
    v.version,
    COUNT_BIG(*) OVER () AS computers
FROM asked AS q
OUTER APPLY (
    SELECT MAX(vc.Name) AS name, MAX(vc.[IP Address]) AS address
    FROM dbo.vComputer AS vc WITH (READUNCOMMITTED)
    WHERE vc.Guid = q.guid
) AS c
OUTER APPLY (
    SELECT TOP (1) ca.[Product Version] AS version
    FROM dbo.Inv_AeX_AC_Client_Agent AS ca WITH (READUNCOMMITTED)
    WHERE ca._ResourceGuid = q.guid AND ca.[Agent Name] = N'Altiris Agent'
    ORDER BY
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 4)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 3)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 2)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 1)) DESC
) AS v
ORDER BY q.last DESC, q.guid;

WITH asked AS (
    SELECT e._ResourceGuid AS guid, MAX(e._eventTime) AS last
    FROM dbo.Evt_NS_Client_Config_Request AS e WITH (READUNCOMMITTED)
    WHERE e._eventTime BETWEEN DATEADD(second, -CONVERT(int, @seconds), SYSDATETIME()) AND DATEADD(year, 20, SYSDATETIME())
    GROUP BY e._ResourceGuid
)
SELECT v.version, COUNT_BIG(*) AS computers
FROM asked AS q
OUTER APPLY (
    SELECT TOP (1) ca.[Product Version] AS version
    FROM dbo.Inv_AeX_AC_Client_Agent AS ca WITH (READUNCOMMITTED)
    WHERE ca._ResourceGuid = q.guid AND ca.[Agent Name] = N'Altiris Agent'
    ORDER BY
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 4)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 3)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 2)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 1)) DESC
) AS v
GROUP BY v.version;
