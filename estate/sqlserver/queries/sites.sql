-- The computers that offer site services (itms.md 7). The view has a row for each
-- service.
-- needs dbo.vSiteServices (Guid, Host Name, Primary DNS Suffix)
SELECT SYSUTCDATETIME() AS now;

SELECT DISTINCT
    LOWER(CONVERT(nvarchar(36), s.Guid)) AS guid,
    s.[Host Name] AS name,
    s.[Primary DNS Suffix] AS suffix
FROM dbo.vSiteServices AS s
ORDER BY name, suffix;
