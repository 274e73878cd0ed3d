# Disarms the closing of one key. The rules that it would have removed stay as they are.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade and request
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the task that was removed; nothing when it was gone
#   missing   nothing: the task of another key has another name
# Rights: local administrator.
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
if ($in.key -cnotmatch '^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?\z') {
    throw [ArgumentException]::new('a closing has a plain key')
}

# The name is asked for with a wildcard because one that matches nothing is then no
# error.
$name = 'itmsbot-close ' + $in.key
$task = @(Get-ScheduledTask -TaskName 'itmsbot-close *' | Where-Object { $_.TaskName -eq $name -and $_.TaskPath -eq '\' })
if ($task.Count -gt 0) {
    Unregister-ScheduledTask -TaskName $name -TaskPath '\' -Confirm:$false
    $answer.changed += $name
}
return $answer
