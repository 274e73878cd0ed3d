# Arms the closing of one opening: a SYSTEM task that removes rules of the bot's own
# group when their time is over, whether anybody comes back or not.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   key       names upgrade and request: letters, digits, blanks, dots, hyphens and
#             underscores
#   seconds   from now until the task runs, 60 to 604800
#   names     the rules to remove; those of another group are left when it runs
# Output: one object, estate.Changed
#   machine, name, now
#   changed   the task, as it was written and read back
#   missing   nothing
# Rights: local administrator.
#
# In contrast to the self-restore it fails closed: no marker holds it back, it has no
# end, and a start that was missed is made up for. Windows does that only for a task
# that repeats without end (StartWhenAvailable), and so this one does, every minute: it
# is tried again until the rules are gone, and then it removes itself. One that comes
# back with a snapshot does the same. Each key has one task; arming again replaces it.
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
if ($in.key -cnotmatch '^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?\z' -or $in.seconds -lt 60 -or $in.seconds -gt 604800 -or @($in.names).Count -eq 0) {
    throw [ArgumentException]::new('a closing needs a plain key, 60 to 604800 seconds and the names of rules')
}

# What the task runs. Its data stands in it in base64, whose alphabet has no quote and
# no dollar sign, so that nothing in a rule's name can become part of the script. One
# rule that cannot be removed does not keep the others.
$body = @'
$ErrorActionPreference = 'Stop'
$json = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('DATA'))
$order = $json | ConvertFrom-Json
$left = 0
foreach ($rule in @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound)) {
    if ([string]$rule.Group -eq 'itmsbot' -and $order.names -contains [string]$rule.Name) {
        try {
            Remove-NetFirewallRule -InputObject $rule
        } catch {
            $left += 1
        }
    }
}
if ($left -gt 0) { exit 1 }
Unregister-ScheduledTask -TaskName ('itmsbot-close ' + $order.key) -TaskPath '\' -Confirm:$false
'@
$order = @{ key = [string]$in.key; names = [string[]]$in.names } | ConvertTo-Json -Compress
$data = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($order))
$code = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($body.Replace('DATA', $data)))
$arguments = '-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ' + $code
if ($arguments.Length -gt 30000) {
    throw [ArgumentException]::new('the names of the rules are too long for one command line')
}

# Times are given in UTC: a change of the clock's season must not move them. SYSTEM goes
# by its SID, because its name is translated.
$name = 'itmsbot-close ' + $in.key
$due = [DateTime]::UtcNow.AddSeconds($in.seconds)
$start = $due.ToString('s') + 'Z'
$trigger = New-ScheduledTaskTrigger -Once -At ($due.ToLocalTime()) -RepetitionInterval ([TimeSpan]::FromMinutes(1))
$trigger.StartBoundary = $start
$action = New-ScheduledTaskAction -Execute ([Environment]::SystemDirectory + '\WindowsPowerShell\v1.0\powershell.exe') -Argument $arguments
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -ExecutionTimeLimit ([TimeSpan]::FromMinutes(5)) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew
$principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
$null = Register-ScheduledTask -TaskName $name -TaskPath '\' -Description ([string]$in.key) -Action $action -Trigger $trigger -Settings $settings -Principal $principal -Force

$task = @(Get-ScheduledTask -TaskName $name -TaskPath '\')
$same = [string]$task[0].Description -ceq $in.key -and
    [DateTimeOffset]::Parse([string]$task[0].Triggers[0].StartBoundary, [Globalization.CultureInfo]::InvariantCulture).UtcDateTime.ToString('s') + 'Z' -eq $start -and
    [string]$task[0].Triggers[0].EndBoundary -eq '' -and
    [string]$task[0].Triggers[0].Repetition.Interval -eq 'PT1M' -and
    [string]$task[0].Triggers[0].Repetition.Duration -eq '' -and
    [string]$task[0].Actions[0].Arguments -ceq $arguments -and
    $task[0].Settings.StartWhenAvailable -and
    [string]$task[0].State -ne 'Disabled'
if (-not $same) {
    throw [InvalidOperationException]::new('the task of the closing does not read back')
}
$answer.changed += $name
return $answer
