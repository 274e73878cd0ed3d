-- The same of msdb, in a file of its own: an account that may not enter msdb gets an
-- error for all of it.
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
FROM msdb.INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = N'dbo' AND TABLE_NAME IN (N'backupset', N'backupmediafamily');
