-- The full backups of this database (itms.md 12), the ten newest of each sort, so
-- that frequent snapshots do not crowd out the one that counts. Times in msdb are
-- local; time_zone says which local time, in quarters of an hour from UTC.
-- needs msdb.dbo.backupset (database_name, database_guid, type, backup_finish_date, time_zone, is_copy_only, is_snapshot, is_damaged, has_backup_checksums, backup_size, media_set_id)
-- needs msdb.dbo.backupmediafamily (media_set_id, physical_device_name, mirror)
SELECT
    SYSUTCDATETIME() AS now,
    d.name AS database_name,
    d.recovery_model_desc AS recovery,
    LOWER(CONVERT(nvarchar(36), r.database_guid)) AS database_identity
FROM sys.databases AS d
LEFT JOIN sys.database_recovery_status AS r ON r.database_id = d.database_id
WHERE d.database_id = DB_ID();

WITH sorted AS (
    SELECT
        bs.*,
        ROW_NUMBER() OVER (
            PARTITION BY bs.is_snapshot, bs.is_damaged
            ORDER BY bs.backup_finish_date DESC
        ) AS place
    FROM msdb.dbo.backupset AS bs
    WHERE bs.database_name = DB_NAME() AND bs.type = 'D' AND bs.backup_finish_date IS NOT NULL
)
SELECT
    CASE WHEN s.time_zone BETWEEN -48 AND 48
        THEN DATEDIFF(second, DATEADD(minute, -15 * s.time_zone, s.backup_finish_date), SYSUTCDATETIME())
        ELSE DATEDIFF(second, s.backup_finish_date, SYSDATETIME())
    END AS age_seconds,
    CASE WHEN s.time_zone BETWEEN -48 AND 48 THEN 0 ELSE 1 END AS zone_unknown,
    CONVERT(int, s.is_copy_only) AS copy_only,
    CONVERT(int, s.is_snapshot) AS snapshot,
    CONVERT(int, s.is_damaged) AS damaged,
    CONVERT(int, s.has_backup_checksums) AS checksums,
    LOWER(CONVERT(nvarchar(36), s.database_guid)) AS backup_identity,
    CONVERT(bigint, s.backup_size) AS bytes,
    f.device,
    f.devices
FROM sorted AS s
OUTER APPLY (
    SELECT MIN(mf.physical_device_name) AS device, COUNT(*) AS devices
    FROM msdb.dbo.backupmediafamily AS mf
    WHERE mf.media_set_id = s.media_set_id AND mf.mirror = 0
) AS f
WHERE s.place <= 10
ORDER BY s.backup_finish_date DESC;
