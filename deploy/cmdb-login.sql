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
-- Who a client is, by name or address, and which clients came in.
GRANT SELECT ON dbo.vComputer TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.vComputerResource TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.Inv_AeX_AC_Identification TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.Inv_AeX_AC_TCPIP TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.Inv_AeX_AC_Client_Agent TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.Evt_NS_Client_Config_Request TO [CORP\svc-itmsbot];

USE msdb;
CREATE USER [CORP\svc-itmsbot] FOR LOGIN [CORP\svc-itmsbot];
GRANT SELECT ON dbo.backupset TO [CORP\svc-itmsbot];
GRANT SELECT ON dbo.backupmediafamily TO [CORP\svc-itmsbot];
