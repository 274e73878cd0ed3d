# Starts or stops services of this machine and waits until they have.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   names     the services by their keys, in the order in which they are started; they
#             are stopped in the reverse order
#   on        true to start, false to stop
# Output: one object, estate.Changed
#   machine, name, now
#   changed   services that were in another state and are now in the one asked for
#   missing   services that are not there, and disabled ones: one that was stopped could
#             not be started again. The others are switched
# Rights: local administrator.
#
# Each is waited for before the next one, 90 seconds in all; when they are over nothing
# more is begun. Those on which a service depends Windows starts by itself. One on which
# others depend that run is not stopped. A service that does not get there in time, or
# that Windows refuses to switch, is in neither list.
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
if (-not $in.on -and ($in.names -contains 'WinRM' -or $in.names -contains 'MpsSvc')) {
    throw [ArgumentException]::new('remote management and the firewall are not stopped here')
}

# Names are compared with all there are before any is given to a cmdlet, which could read
# one as a pattern.
$there = @{}
foreach ($s in @(Get-CimInstance -ClassName 'Win32_Service')) {
    $there[[string]$s.Name] = [string]$s.StartMode
}

# The state asked for and the way there, and the way to the other one: a service that is
# still on it has to arrive first.
$names = [string[]]@($in.names)
$goal = 'Running'
$toward = 'StartPending'
$other = 'Stopped'
$away = 'StopPending'
if (-not $in.on) {
    [Array]::Reverse($names)
    $goal = 'Stopped'
    $toward = 'StopPending'
    $other = 'Running'
    $away = 'StartPending'
}
$clock = [Diagnostics.Stopwatch]::StartNew()
foreach ($name in $names) {
    if (-not $there.ContainsKey($name) -or $there[$name] -eq 'Disabled') {
        $answer.missing += $name
        continue
    }
    $service = Get-Service -Name $name
    if ([string]$service.Status -eq $goal -or $clock.Elapsed.TotalSeconds -ge 90) {
        continue
    }
    try {
        if ([string]$service.Status -eq $away) {
            $service.WaitForStatus($other, [TimeSpan]::FromSeconds([Math]::Max(0, 90 - $clock.Elapsed.TotalSeconds)))
        }
        if ([string]$service.Status -ne $toward) {
            if ($in.on) {
                $service.Start()
            } else {
                Stop-Service -InputObject $service -NoWait
            }
        }
        $service.WaitForStatus($goal, [TimeSpan]::FromSeconds([Math]::Max(0, 90 - $clock.Elapsed.TotalSeconds)))
        $answer.changed += $name
    } catch {
        # Whoever looks next sees in which state it is.
        continue
    }
}
return $answer
