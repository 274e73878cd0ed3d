-- The other user databases of the instance and when each was last written to. The
-- instance counts writes from its start and forgets them when it stops.
-- needs permission VIEW SERVER STATE
SELECT
    SYSUTCDATETIME() AS now,
    DATEDIFF(second, i.sqlserver_start_time, SYSDATETIME()) AS watched_seconds
FROM sys.dm_os_sys_info AS i;

SELECT
    d.name,
    d.state_desc AS state,
    CONVERT(int, d.is_read_only) AS read_only,
    DATEDIFF(second, MAX(u.last_user_update), SYSDATETIME()) AS age_seconds
FROM sys.databases AS d
LEFT JOIN sys.dm_db_index_usage_stats AS u ON u.database_id = d.database_id
WHERE d.database_id > 4
    AND d.database_id <> DB_ID()
    AND d.source_database_id IS NULL
    AND d.is_distributor = 0
GROUP BY d.name, d.state_desc, d.is_read_only
ORDER BY d.name;
