-- Which of the objects that the other files need are in the CMDB. What the account
-- may not read is not listed either.
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
FROM INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = N'dbo'
    AND TABLE_NAME IN (
        N'EventQueueEntry', N'vSiteServices',
        N'vComputer', N'vComputerResource',
        N'Inv_AeX_AC_Identification', N'Inv_AeX_AC_TCPIP', N'Inv_AeX_AC_Client_Agent',
        N'Evt_NS_Client_Config_Request'
    );
