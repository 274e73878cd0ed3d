-- The account of the bot on the SQL Server of the CMDB: it reads, and nothing else.
-- Run it as sysadmin with the account's name and the CMDB's in place of CORP\svc-itmsbot
-- and Symantec_CMDB. Afterwards: itmsbot check -c itmsbot.yaml
CREATE LOGIN [CORP\svc-itmsbot] FROM WINDOWS;

-- How long databases were not written to. SQL Server 2022 and later may be given
-- VIEW SERVER PERFORMANCE STATE in its place.
USE master;
GRANT VIEW SERVER STATE TO [CORP\svc-itmsbot];

USE Symantec_CMDB;
CREATE USER [CORP\svc-itmsbot] FOR LOGIN [CORP\svc-itmsbot];
GRANT SELECT ON dbo.EventQueueEntry TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.vSiteServices TO [CORP\svc-itmsbot];

USE msdb;
CREATE USER [CORP\svc-itmsbot] FOR LOGIN [CORP\svc-itmsbot];
GRANT SELECT ON dbo.backupset TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.backupmediafamily TO [CORP\svc-itmsbot];
