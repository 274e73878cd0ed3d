# Disarms the self-restore of one key.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade and request
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the marker and the task that were removed; nothing when both were gone
#   missing   the marker or the task that are there for another key and were left
# Rights: local administrator.
#
# The marker goes first: from then on the task does nothing.
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

$path = 'HKLM:\SOFTWARE\itmsbot'
$marker = ''
if (Test-Path -LiteralPath $path) {
    $marker = [string](Get-Item -LiteralPath $path).GetValue('Restore', '')
}
if ($marker -ceq $in.key) {
    Remove-ItemProperty -LiteralPath $path -Name 'Restore'
    $answer.changed += 'HKLM\SOFTWARE\itmsbot\Restore'
} elseif ($marker -ne '') {
    $answer.missing += 'HKLM\SOFTWARE\itmsbot\Restore'
}

# The name is asked for with a wildcard because one that matches nothing is then no
# error.
$task = @(Get-ScheduledTask -TaskName 'itmsbot-restore*' | Where-Object { $_.TaskName -eq 'itmsbot-restore' -and $_.TaskPath -eq '\' })
if ($task.Count -gt 0 -and [string]$task[0].Description -ceq $in.key) {
    Unregister-ScheduledTask -TaskName 'itmsbot-restore' -TaskPath '\' -Confirm:$false
    $answer.changed += 'itmsbot-restore'
} elseif ($task.Count -gt 0) {
    $answer.missing += 'itmsbot-restore'
}
return $answer
