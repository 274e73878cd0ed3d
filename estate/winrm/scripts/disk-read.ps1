# Reads how full this machine's fixed drives are.
#
# Parameters: none
# Output: one object, estate.Disks
#   machine, name, now
#   disks     name, free and size in bytes, whether Windows runs from it
# Rights: local administrator. Changes nothing.
#
# Volumes are read and not drive letters, because databases like to lie on volumes that
# are mounted in a folder. A volume that cannot be read, such as a locked one, has
# neither size nor free space and is 0 in both.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$windows = [Environment]::SystemDirectory.Substring(0, 2)
$disks = @(foreach ($v in @(Get-CimInstance -ClassName 'Win32_Volume' -Filter 'DriveType = 3')) {
        $name = ([string]$v.Name).TrimEnd('\')
        if ($name.StartsWith('\\?\')) {
            continue
        }
        [ordered]@{
            name   = $name
            free   = [long]$v.FreeSpace
            size   = [long]$v.Capacity
            system = $name -eq $windows
        }
    })

[ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = [DateTime]::UtcNow.ToString('s') + 'Z'
    disks   = $disks
}
