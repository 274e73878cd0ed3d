# Lays the boot key: a mark in the registry that does not survive a boot.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade, request and step
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the mark, when it was made; nothing when it was there
#   missing   always empty
# Rights: local administrator.
#
# The time at which Windows started moves when the clock is set; a volatile key cannot
# be mistaken. The key above it is made first, because it would become volatile too and
# is shared with the self-restore.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$answer = [ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = [DateTime]::UtcNow.ToString('s') + 'Z'
    changed = [string[]]@()
    missing = [string[]]@()
}
if ($answer.machine -ne $in.machine) {
    return $answer
}
if ($in.key -eq '') {
    throw [ArgumentException]::new('a boot key needs a name')
}

if (-not (Test-Path -LiteralPath 'HKLM:\SOFTWARE\itmsbot')) {
    $null = New-Item -Path 'HKLM:\SOFTWARE\itmsbot'
}
$boot = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey('SOFTWARE\itmsbot\Boot', [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree, [Microsoft.Win32.RegistryOptions]::Volatile)
try {
    if ([string]$boot.GetValue([string]$in.key, '') -ne '') {
        return $answer
    }
    $boot.SetValue([string]$in.key, $answer.now)
    if ([string]$boot.GetValue([string]$in.key, '') -ne $answer.now) {
        throw [InvalidOperationException]::new('the boot key does not read back')
    }
} finally {
    $boot.Close()
}
$answer.changed += 'HKLM\SOFTWARE\itmsbot\Boot'
return $answer
