-- What the instance says about itself and about this database. An account that may
-- not see the identity of the database gets none.
SELECT
    SYSUTCDATETIME() AS now,
    CONVERT(nvarchar(256), SERVERPROPERTY('ServerName')) AS server,
    CONVERT(nvarchar(128), SERVERPROPERTY('ComputerNamePhysicalNetBIOS')) AS machine,
    CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
    CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS edition,
    CONVERT(int, SERVERPROPERTY('IsClustered')) AS clustered,
    CASE WHEN d.replica_id IS NULL THEN 0 ELSE 1 END AS available,
    d.name AS database_name,
    LOWER(CONVERT(nvarchar(36), r.database_guid)) AS database_identity,
    SUSER_SNAME() AS login_name,
    CASE
        WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1 THEN 1
        WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER PERFORMANCE STATE') = 1 THEN 1
        ELSE 0
    END AS server_state
FROM sys.databases AS d
LEFT JOIN sys.database_recovery_status AS r ON r.database_id = d.database_id
WHERE d.database_id = DB_ID();
