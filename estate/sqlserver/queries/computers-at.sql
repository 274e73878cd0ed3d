-- The computers that have an address (itms.md 0.1, 4), one more than are shown. What
-- computers-named.sql says of its rows is so here too.
-- Read uncommitted, so that the look never holds up the dispatcher.
-- needs dbo.vComputer (Guid, Name, IP Address)
-- needs dbo.vComputerResource (Guid, IsManaged)
-- needs dbo.Inv_AeX_AC_Identification (_ResourceGuid, Domain, FQDN)
-- needs dbo.Inv_AeX_AC_TCPIP (_ResourceGuid, IP Address)
-- needs dbo.Inv_AeX_AC_Client_Agent (_ResourceGuid, Agent Name, Product Version)
-- needs dbo.Evt_NS_Client_Config_Request (_ResourceGuid, _eventTime)
SELECT SYSUTCDATETIME() AS now;

WITH found AS (
    SELECT c.Guid AS guid, MAX(c.Name) AS name, MAX(c.[IP Address]) AS address
    FROM dbo.vComputer AS c WITH (READUNCOMMITTED)
    WHERE c.[IP Address] = @address
        OR EXISTS (
            SELECT 1
            FROM dbo.Inv_AeX_AC_TCPIP AS ct WITH (READUNCOMMITTED)
            WHERE ct._ResourceGuid = c.Guid AND ct.[IP Address] = @address
        )
    GROUP BY c.Guid
), chosen AS (
    SELECT TOP (21) n.guid, n.name, n.address, i.domain, i.fqdn, m.managed, r.asked
    FROM found AS n
    OUTER APPLY (
        SELECT MAX(ai.Domain) AS domain, MAX(ai.FQDN) AS fqdn
        FROM dbo.Inv_AeX_AC_Identification AS ai WITH (READUNCOMMITTED)
        WHERE ai._ResourceGuid = n.guid
    ) AS i
    OUTER APPLY (
        SELECT ISNULL(MAX(CONVERT(int, cr.IsManaged)), 0) AS managed
        FROM dbo.vComputerResource AS cr WITH (READUNCOMMITTED)
        WHERE cr.Guid = n.guid
    ) AS m
    OUTER APPLY (
        SELECT MAX(e._eventTime) AS asked
        FROM dbo.Evt_NS_Client_Config_Request AS e WITH (READUNCOMMITTED)
        WHERE e._ResourceGuid = n.guid
            AND e._eventTime BETWEEN DATEADD(year, -20, SYSDATETIME()) AND DATEADD(year, 20, SYSDATETIME())
    ) AS r
    ORDER BY m.managed DESC, r.asked DESC, n.guid
)
SELECT
    LOWER(CONVERT(nvarchar(36), f.guid)) AS guid,
    f.name,
    f.domain,
    f.fqdn,
    f.managed,
    DATEDIFF(second, f.asked, SYSDATETIME()) AS age_seconds,
    v.version,
    a.address
FROM chosen AS f
OUTER APPLY (
    SELECT TOP (1) ca.[Product Version] AS version
    FROM dbo.Inv_AeX_AC_Client_Agent AS ca WITH (READUNCOMMITTED)
    WHERE ca._ResourceGuid = f.guid AND ca.[Agent Name] = N'Altiris Agent'
    ORDER BY
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 4)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 3)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 2)) DESC,
        TRY_CONVERT(int, PARSENAME(ca.[Product Version], 1)) DESC
) AS v
OUTER APPLY (
    SELECT f.address AS address, 0 AS place
    UNION
    SELECT t.[IP Address], 1
    FROM dbo.Inv_AeX_AC_TCPIP AS t WITH (READUNCOMMITTED)
    WHERE t._ResourceGuid = f.guid
) AS a
ORDER BY f.managed DESC, f.asked DESC, f.guid, a.place, a.address;
