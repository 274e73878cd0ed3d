# Orders a restart of this machine, once for a key.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade, request and step; its boot key has been laid
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the restart, when it was ordered now; nothing when it was before
#   missing   the boot key when there is none: the machine has restarted since it was
#             laid, or it never was. Then nothing is ordered
# Rights: local administrator.
#
# The five seconds are for this answer to arrive. Where the machine does not live to
# write down that the order was given, the boot key is gone with it, and the order is
# not given again.
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
    throw [ArgumentException]::new('an order needs a boot key')
}

# Reads the mark of the key under one of the volatile keys; empty where there is none.
function Get-Mark([string]$Path, [string]$Name) {
    if (-not (Test-Path -LiteralPath $Path)) {
        return ''
    }
    return [string](Get-Item -LiteralPath $Path).GetValue($Name, '')
}

if ((Get-Mark 'HKLM:\SOFTWARE\itmsbot\Boot' $in.key) -eq '') {
    $answer.missing += 'HKLM\SOFTWARE\itmsbot\Boot'
    return $answer
}
if ((Get-Mark 'HKLM:\SOFTWARE\itmsbot\Restart' $in.key) -ne '') {
    return $answer
}

# Planned, application, maintenance. The comment says no more than whose restart it is,
# because a value would have to be quoted.
$shutdown = Start-Process -FilePath ([Environment]::SystemDirectory + '\shutdown.exe') -ArgumentList '/r /t 5 /d p:4:1 /c "Restart ordered by itmsbot"' -NoNewWindow -Wait -PassThru
if ($shutdown.ExitCode -ne 0) {
    throw [InvalidOperationException]::new("shutdown.exe ended with code $($shutdown.ExitCode)")
}
$restart = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey('SOFTWARE\itmsbot\Restart', [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree, [Microsoft.Win32.RegistryOptions]::Volatile)
try {
    $restart.SetValue([string]$in.key, $answer.now)
} finally {
    $restart.Close()
}
$answer.changed += 'restart'
return $answer
