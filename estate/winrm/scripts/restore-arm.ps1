# Arms the self-restore: a one-shot SYSTEM task that switches firewall rules on again
# when nobody has come back to disarm it.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade and request
#   seconds   from now until the task runs, 60 to 86400
#   names     the rules to switch on
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the marker and the task, as they were written and read back
#   missing   the task when it is that of another key; it was left, and nothing is armed
# Rights: local administrator.
#
# The task acts only if the marker names its key, so that a task which was forgotten,
# or came back with a snapshot, does nothing. The marker is written first: without the
# task it does nothing either. A start that was missed is not made up for, and five
# minutes after its time the task is over and removes itself.
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
if ($in.key -eq '' -or $in.seconds -lt 60 -or $in.seconds -gt 86400 -or @($in.names).Count -eq 0) {
    throw [ArgumentException]::new('a restore needs a key, 60 to 86400 seconds and the names of rules')
}

# What the task runs. Its data stands in it in base64, whose alphabet has no quote and
# no dollar sign, so that nothing in a rule's name can become part of the script. A file
# would be a second thing to guard, and an argument would have to be quoted.
$body = @'
$ErrorActionPreference = 'Stop'
$json = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('DATA'))
$order = $json | ConvertFrom-Json
$path = 'HKLM:\SOFTWARE\itmsbot'
if (-not (Test-Path -LiteralPath $path)) { exit 0 }
$marker = [string](Get-Item -LiteralPath $path).GetValue('Restore', '')
if ($marker -cne $order.key) { exit 0 }
foreach ($rule in @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound)) {
    if ($order.names -contains [string]$rule.Name) {
        Enable-NetFirewallRule -InputObject $rule
    }
}
Remove-ItemProperty -LiteralPath $path -Name 'Restore'
'@
$order = @{ key = [string]$in.key; names = [string[]]$in.names } | ConvertTo-Json -Compress
$data = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($order))
$code = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($body.Replace('DATA', $data)))
$arguments = '-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ' + $code
if ($arguments.Length -gt 30000) {
    throw [ArgumentException]::new('the names of the rules are too long for one command line')
}

# The name is asked for with a wildcard because one that matches nothing is then no
# error.
$old = @(Get-ScheduledTask -TaskName 'itmsbot-restore*' | Where-Object { $_.TaskName -eq 'itmsbot-restore' -and $_.TaskPath -eq '\' })
if ($old.Count -gt 0 -and [string]$old[0].Description -cne $in.key) {
    $answer.missing += 'itmsbot-restore'
    return $answer
}

$path = 'HKLM:\SOFTWARE\itmsbot'
if (-not (Test-Path -LiteralPath $path)) {
    $null = New-Item -Path $path
}
$null = New-ItemProperty -LiteralPath $path -Name 'Restore' -Value ([string]$in.key) -PropertyType String -Force
if ([string](Get-Item -LiteralPath $path).GetValue('Restore', '') -cne $in.key) {
    throw [InvalidOperationException]::new('the marker of the restore does not read back')
}
$answer.changed += 'HKLM\SOFTWARE\itmsbot\Restore'

# Times are given in UTC: a change of the clock's season must not move them. SYSTEM goes
# by its SID, because its name is translated.
$due = [DateTime]::UtcNow.AddSeconds($in.seconds)
$start = $due.ToString('s') + 'Z'
$trigger = New-ScheduledTaskTrigger -Once -At ($due.ToLocalTime())
$trigger.StartBoundary = $start
$trigger.EndBoundary = $due.AddMinutes(5).ToString('s') + 'Z'
$action = New-ScheduledTaskAction -Execute ([Environment]::SystemDirectory + '\WindowsPowerShell\v1.0\powershell.exe') -Argument $arguments
$settings = New-ScheduledTaskSettingsSet -DeleteExpiredTaskAfter ([TimeSpan]::FromMinutes(1)) -ExecutionTimeLimit ([TimeSpan]::FromMinutes(5)) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew
$principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
$null = Register-ScheduledTask -TaskName 'itmsbot-restore' -TaskPath '\' -Description ([string]$in.key) -Action $action -Trigger $trigger -Settings $settings -Principal $principal -Force

$task = @(Get-ScheduledTask -TaskName 'itmsbot-restore' -TaskPath '\')
$same = [string]$task[0].Description -ceq $in.key -and
    [DateTimeOffset]::Parse([string]$task[0].Triggers[0].StartBoundary, [Globalization.CultureInfo]::InvariantCulture).UtcDateTime.ToString('s') + 'Z' -eq $start -and
    [string]$task[0].Actions[0].Arguments -ceq $arguments -and
    -not $task[0].Settings.StartWhenAvailable -and
    [string]$task[0].State -ne 'Disabled'
if (-not $same) {
    throw [InvalidOperationException]::new('the task of the restore does not read back')
}
$answer.changed += 'itmsbot-restore'
return $answer
