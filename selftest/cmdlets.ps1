# Asks this machine's commands what no document says for certain, and how long those
# take that every look at the firewall needs.
#
# Parameters: one object, which is not read
# Output: one object
#   machine, name, now
#   stops        an error of a module's command ends the script, as it must
#   finds_none   a task that is not there, asked for with a wildcard, is no error
#   repeats      a trigger for which no duration is named repeats without end; only then
#                does Windows make up for a start that was missed
#   empty, one   a list of none and a list of one; they have to come back as lists
#   rules        enabled inbound rules that allow, in force
#   enabled      those among them that call themselves enabled
#   unjoined     those without a filter of ports, addresses or programs of their own
#   untraced     those that do not say where they come from
#   unlimited    filters in force that name no protocol or no port
#   local        inbound rules of the local store
#   connections  established ones
#   networks     profiles of the connected networks
#   rules_ms, filters_ms, local_ms, connections_ms, tasks_ms   how long each took
# Rights: local administrator. Changes nothing.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$stops = $false
try {
    $null = Get-NetFirewallRule -Name 'itmsbot-no-such-rule'
} catch {
    $stops = $true
}
$none = $true
$clock = [Diagnostics.Stopwatch]::StartNew()
try {
    $none = @(Get-ScheduledTask -TaskName 'itmsbot-no-such-task*').Count -eq 0
} catch {
    $none = $false
}
$tasksTook = $clock.ElapsedMilliseconds
$repeats = $false
try {
    $trigger = New-ScheduledTaskTrigger -Once -At ([DateTime]::Now) -RepetitionInterval ([TimeSpan]::FromMinutes(1))
    $repeats = [string]$trigger.Repetition.Interval -eq 'PT1M' -and [string]$trigger.Repetition.Duration -eq ''
} catch {
    $repeats = $false
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$rules = @(Get-NetFirewallRule -PolicyStore ActiveStore -TracePolicyStore -Direction Inbound -Enabled True -Action Allow)
$rulesTook = $clock.ElapsedMilliseconds

$clock = [Diagnostics.Stopwatch]::StartNew()
$ports = @{}
$addresses = @{}
$programs = @{}
$unlimited = 0
foreach ($f in @(Get-NetFirewallPortFilter -PolicyStore ActiveStore)) {
    $ports[[string]$f.InstanceID] = $true
    if ([string]$f.Protocol -eq '' -or [string]$f.LocalPort -eq '') {
        $unlimited += 1
    }
}
foreach ($f in @(Get-NetFirewallAddressFilter -PolicyStore ActiveStore)) {
    $addresses[[string]$f.InstanceID] = $true
}
foreach ($f in @(Get-NetFirewallApplicationFilter -PolicyStore ActiveStore)) {
    $programs[[string]$f.InstanceID] = $true
}
$filtersTook = $clock.ElapsedMilliseconds

$enabled = 0
$unjoined = 0
$untraced = 0
foreach ($r in $rules) {
    $id = [string]$r.InstanceID
    if ([string]$r.Enabled -eq 'True' -and [string]$r.Action -eq 'Allow') {
        $enabled += 1
    }
    if (-not $ports.ContainsKey($id) -or -not $addresses.ContainsKey($id) -or -not $programs.ContainsKey($id)) {
        $unjoined += 1
    }
    if ([string]$r.PolicyStoreSourceType -eq '' -or [string]$r.PolicyStoreSource -eq '') {
        $untraced += 1
    }
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$local = @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound)
$localTook = $clock.ElapsedMilliseconds

$clock = [Diagnostics.Stopwatch]::StartNew()
$connections = @(Get-NetTCPConnection -State Established)
$connectionsTook = $clock.ElapsedMilliseconds

[ordered]@{
    machine        = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name           = [Environment]::MachineName
    now            = [DateTime]::UtcNow.ToString('s') + 'Z'
    stops          = $stops
    finds_none     = $none
    repeats        = $repeats
    empty          = [string[]]@()
    one            = [string[]]@('one')
    rules          = $rules.Count
    enabled        = $enabled
    unjoined       = $unjoined
    untraced       = $untraced
    unlimited      = $unlimited
    local          = $local.Count
    connections    = $connections.Count
    networks       = [string[]]@(Get-NetConnectionProfile | ForEach-Object { [string]$_.NetworkCategory })
    rules_ms       = [int]$rulesTook
    filters_ms     = [int]$filtersTook
    local_ms       = [int]$localTook
    connections_ms = [int]$connectionsTook
    tasks_ms       = [int]$tasksTook
}
