# Stands in for the commands by which the product's scripts ask Windows, and runs one of
# the scripts. TestScriptsInPowerShell sends it to whatever ITMSBOT_PWSH names.
#
# Parameters: one object
#   script  the text of the script, which is run as it stands
#   args    its one parameter
#   host    what the commands find: registry, profiles, networks, rules, addresses,
#           connections, tasks, cim
# Output: one object
#   answer  what the script gives
#   did     the commands that would have changed something, in their order
# Rights: none. Changes nothing.
#
# What a script could trip over is as Windows has it: enumerations that are numbers in
# JSON, one word where there is one and a list where there are several, masks in place
# of prefix lengths, and an error where a command was asked for something and found
# nothing. Names begin with Stub because commands see the variables of their callers.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

Add-Type -TypeDefinition @'
namespace Itmsbot.Stub {
    public enum Enabled : ushort { True = 1, False = 2 }
    public enum GpoBoolean : ushort { False = 0, True = 1, NotConfigured = 2 }
    public enum Action : ushort { NotConfigured = 0, Allow = 2, Block = 4 }
    public enum Direction : ushort { Inbound = 1, Outbound = 2 }
    public enum Store : ushort { None = 0, Local = 1, GroupPolicy = 2, Dynamic = 3, Generated = 4, Hardcoded = 5 }
    [System.Flags] public enum Profile : ushort { Any = 0, Domain = 1, Private = 2, Public = 4 }
    public enum Category : uint { Public = 0, Private = 1, DomainAuthenticated = 2 }
    public enum Tcp : byte { Established = 5, TimeWait = 11 }
    public enum Service { Stopped = 1, StartPending = 2, StopPending = 3, Running = 4 }
    public enum Task : byte { Unknown = 0, Disabled = 1, Queued = 2, Ready = 3, Running = 4 }
}
'@

$StubHost = $in.host
$StubDid = [Collections.Generic.List[string]]::new()

# Texts of the registry and times come behind a sign, so that no version of
# ConvertFrom-Json takes one for a date.
function Get-StubValue($Value) {
    if ($Value -is [string]) {
        return $Value.Substring(1)
    }
    return $Value
}

function Test-Path {
    param([string]$LiteralPath)
    return @($StubHost.registry | Where-Object { $_.path -eq $LiteralPath }).Count -gt 0
}

# Makes of a key what the registry provider gives.
function New-StubKey($Key) {
    $item = [pscustomobject]@{ PSChildName = $Key.path.Substring($Key.path.LastIndexOf('\') + 1); StubValues = $Key.values }
    $item | Add-Member -MemberType ScriptMethod -Name 'GetValue' -Value {
        param($Name, $Default)
        foreach ($v in $this.StubValues) {
            if ($v.name -eq $Name -and $v.value -is [array]) {
                return , [string[]]@($v.value | ForEach-Object { Get-StubValue $_ })
            }
            if ($v.name -eq $Name) {
                return Get-StubValue $v.value
            }
        }
        return , $Default
    }
    return $item
}

function Get-Item {
    param([string]$LiteralPath)
    foreach ($key in @($StubHost.registry | Where-Object { $_.path -eq $LiteralPath })) {
        return New-StubKey $key
    }
    throw [Management.Automation.ItemNotFoundException]::new("Cannot find path '$LiteralPath' because it does not exist.")
}

function Get-ChildItem {
    param([string]$LiteralPath)
    foreach ($key in @($StubHost.registry | Where-Object { $_.path.Substring(0, $_.path.LastIndexOf('\')) -eq $LiteralPath })) {
        New-StubKey $key
    }
}

function New-Item {
    param([string]$Path)
    $StubDid.Add('New-Item ' + $Path)
    $key = [pscustomobject]@{ path = $Path; values = @() }
    $StubHost.registry = @($StubHost.registry) + $key
    return New-StubKey $key
}

function New-ItemProperty {
    param([string]$LiteralPath, [string]$Name, $Value, [string]$PropertyType, [switch]$Force)
    $StubDid.Add((@('New-ItemProperty', $LiteralPath, $Name, $Value) -join ' '))
    foreach ($key in @($StubHost.registry | Where-Object { $_.path -eq $LiteralPath })) {
        $key.values = @($key.values | Where-Object { $_.name -ne $Name }) + [pscustomobject]@{ name = $Name; value = '=' + $Value }
    }
    return [pscustomobject]@{ PSPath = $LiteralPath }
}

function Remove-ItemProperty {
    param([string]$LiteralPath, [string]$Name)
    $StubDid.Add((@('Remove-ItemProperty', $LiteralPath, $Name) -join ' '))
    foreach ($key in @($StubHost.registry | Where-Object { $_.path -eq $LiteralPath })) {
        $key.values = @($key.values | Where-Object { $_.name -ne $Name })
    }
}

function Test-ComputerSecureChannel {
    return $true
}

# Gives one word as a word and several as a list.
function Get-StubWord($Words) {
    return @($Words | ForEach-Object { [string]$_ })
}

# Gives the rules of a store, or those of one name in it.
function Get-StubRule([string]$Store, $Rule) {
    foreach ($r in $StubHost.rules) {
        $there = $Store -ne 'PersistentStore' -or $r.store -eq 'Local'
        if ($there -and ($null -eq $Rule -or $Rule.Name -eq $r.name)) {
            $r
        }
    }
}

function Get-NetFirewallRule {
    param([string]$PolicyStore, [switch]$TracePolicyStore, [string]$Direction, [string]$Enabled, [string]$Action)
    $found = 0
    foreach ($r in @(Get-StubRule $PolicyStore $null)) {
        if (($Direction -ne '' -and $Direction -ne 'Inbound') -or ($Enabled -ne '' -and $Enabled -ne [string]$r.enabled) -or ($Action -ne '' -and $Action -ne $r.action)) {
            continue
        }
        $found += 1
        $source = ''
        if ($TracePolicyStore -or $PolicyStore -eq 'PersistentStore') {
            $source = $r.source
        }
        [pscustomobject]@{
            Name                  = $r.name
            InstanceID            = $r.name
            DisplayName           = $r.display
            Group                 = $r.group
            Enabled               = [Itmsbot.Stub.Enabled][string]$r.enabled
            Action                = [Itmsbot.Stub.Action]$r.action
            Direction             = [Itmsbot.Stub.Direction]'Inbound'
            Profile               = [Itmsbot.Stub.Profile]$r.profile
            PolicyStoreSourceType = [Itmsbot.Stub.Store]$r.store
            PolicyStoreSource     = $source
        }
    }
    if ($found -eq 0 -and ($Direction + $Enabled + $Action) -ne '') {
        throw [InvalidOperationException]::new('No MSFT_NetFirewallRule objects found with these properties.')
    }
}

function Get-NetFirewallPortFilter {
    param([string]$PolicyStore, $AssociatedNetFirewallRule)
    foreach ($r in @(Get-StubRule $PolicyStore $AssociatedNetFirewallRule)) {
        [pscustomobject]@{ InstanceID = $r.name; Protocol = $r.protocol; LocalPort = Get-StubWord $r.ports }
    }
}

function Get-NetFirewallAddressFilter {
    param([string]$PolicyStore, $AssociatedNetFirewallRule)
    foreach ($r in @(Get-StubRule $PolicyStore $AssociatedNetFirewallRule)) {
        [pscustomobject]@{ InstanceID = $r.name; LocalAddress = 'Any'; RemoteAddress = Get-StubWord $r.remote }
    }
}

function Get-NetFirewallApplicationFilter {
    param([string]$PolicyStore, $AssociatedNetFirewallRule)
    foreach ($r in @(Get-StubRule $PolicyStore $AssociatedNetFirewallRule)) {
        [pscustomobject]@{ InstanceID = $r.name; Program = $r.program }
    }
}

function Enable-NetFirewallRule {
    param($InputObject)
    $StubDid.Add('Enable-NetFirewallRule ' + $InputObject.Name)
}

function Disable-NetFirewallRule {
    param($InputObject)
    $StubDid.Add('Disable-NetFirewallRule ' + $InputObject.Name)
}

function Remove-NetFirewallRule {
    param($InputObject)
    $StubDid.Add('Remove-NetFirewallRule ' + $InputObject.Name)
}

function New-NetFirewallRule {
    param([string]$PolicyStore, [string]$Name, [string]$DisplayName, [string]$Group, [string]$Enabled, [string]$Profile, [string]$Direction, [string]$Action, [string]$Protocol, [string[]]$LocalPort, [string[]]$RemoteAddress)
    $StubDid.Add((@('New-NetFirewallRule', $PolicyStore, $Name, $Group, $Enabled, $Profile, $Direction, $Action, $Protocol, ($LocalPort -join ','), ($RemoteAddress -join ',')) -join ' '))
    [pscustomobject]@{ Name = $Name }
}

function Get-NetFirewallProfile {
    param([string]$PolicyStore)
    foreach ($p in $StubHost.profiles) {
        [pscustomobject]@{
            Name                    = $p.name
            Enabled                 = [Itmsbot.Stub.GpoBoolean][string]$p.enabled
            DefaultInboundAction    = [Itmsbot.Stub.Action]$p.inbound
            AllowLocalFirewallRules = [Itmsbot.Stub.GpoBoolean][string]$p.local_rules
        }
    }
}

function Get-NetConnectionProfile {
    foreach ($n in $StubHost.networks) {
        [pscustomobject]@{ Name = $n.name; InterfaceAlias = $n.interface; NetworkCategory = [Itmsbot.Stub.Category]$n.category }
    }
}

function Get-NetIPAddress {
    foreach ($a in $StubHost.addresses) {
        [pscustomobject]@{ IPAddress = $a }
    }
}

function Get-NetTCPConnection {
    param([string]$State)
    foreach ($c in $StubHost.connections) {
        if ($State -eq '' -or $State -eq $c.state) {
            [pscustomobject]@{ RemoteAddress = $c.remote; LocalPort = [uint16]$c.port; State = [Itmsbot.Stub.Tcp]$c.state }
        }
    }
}

function Get-ScheduledTask {
    param([string]$TaskName, [string]$TaskPath)
    foreach ($t in $StubHost.tasks) {
        if ($t.name -like $TaskName) {
            $state = 'Ready'
            if ($t.off) {
                $state = 'Disabled'
            }
            [pscustomobject]@{
                TaskName    = $t.name
                TaskPath    = '\'
                Description = $t.description
                State       = [Itmsbot.Stub.Task]$state
                Triggers    = @([pscustomobject]@{ StartBoundary = Get-StubValue $t.start; EndBoundary = $t.end; Repetition = [pscustomobject]@{ Interval = $t.interval; Duration = $null } })
                Actions     = @([pscustomobject]@{ Arguments = $t.arguments })
                Settings    = [pscustomobject]@{ StartWhenAvailable = [bool]$t.available }
            }
        }
    }
}

function New-ScheduledTaskTrigger {
    param([switch]$Once, [DateTime]$At, [TimeSpan]$RepetitionInterval)
    $interval = ''
    if ($RepetitionInterval.TotalMinutes -gt 0) {
        $interval = 'PT' + $RepetitionInterval.TotalMinutes + 'M'
    }
    return [pscustomobject]@{ StartBoundary = $At.ToString('s'); EndBoundary = $null; Interval = $interval }
}

function New-ScheduledTaskAction {
    param([string]$Execute, [string]$Argument)
    return [pscustomobject]@{ Execute = $Execute; Arguments = $Argument }
}

function New-ScheduledTaskSettingsSet {
    param([TimeSpan]$DeleteExpiredTaskAfter, [TimeSpan]$ExecutionTimeLimit, [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [switch]$StartWhenAvailable, [string]$MultipleInstances)
    return [pscustomobject]@{ DeleteExpiredTaskAfter = $DeleteExpiredTaskAfter; StartWhenAvailable = [bool]$StartWhenAvailable; MultipleInstances = $MultipleInstances }
}

function New-ScheduledTaskPrincipal {
    param([string]$UserId, [string]$LogonType, [string]$RunLevel)
    return [pscustomobject]@{ UserId = $UserId; LogonType = $LogonType; RunLevel = $RunLevel }
}

# A task that is deleted when it is over has to say when that is; one that has no end is
# made up for only if it repeats.
function Register-ScheduledTask {
    param([string]$TaskName, [string]$TaskPath, [string]$Description, $Action, $Trigger, $Settings, $Principal, [switch]$Force)
    if ($Settings.DeleteExpiredTaskAfter.TotalSeconds -gt 0 -and $null -eq $Trigger.EndBoundary) {
        throw [ArgumentException]::new('The task XML is missing a required element or attribute. EndBoundary')
    }
    $over = $Settings.DeleteExpiredTaskAfter.TotalSeconds
    if ($Trigger.Interval -ne '') {
        $over = $Trigger.Interval
    }
    $StubDid.Add((@('Register-ScheduledTask', $TaskPath, $TaskName, $Description, $Principal.UserId, $Principal.LogonType, $Principal.RunLevel, $over, $Settings.MultipleInstances) -join ' '))
    $StubHost.tasks = @($StubHost.tasks | Where-Object { $_.name -ne $TaskName }) + [pscustomobject]@{
        name = $TaskName; description = $Description; start = '=' + $Trigger.StartBoundary; end = $Trigger.EndBoundary; interval = $Trigger.Interval
        available = $Settings.StartWhenAvailable; off = $false; arguments = $Action.Arguments
    }
    return [pscustomobject]@{ TaskName = $TaskName }
}

function Unregister-ScheduledTask {
    param([string]$TaskName, [string]$TaskPath, [bool]$Confirm)
    $StubDid.Add((@('Unregister-ScheduledTask', $TaskPath, $TaskName) -join ' '))
    $StubHost.tasks = @($StubHost.tasks | Where-Object { $_.name -ne $TaskName })
}

# A filter is one property and one value here, as it is in the scripts.
function Get-CimInstance {
    param([string]$ClassName, [string]$Filter)
    foreach ($o in @($StubHost.cim | Where-Object { $_.class -eq $ClassName })) {
        $properties = [ordered]@{}
        foreach ($p in $o.properties) {
            $properties[$p.name] = $p.value
        }
        foreach ($p in $o.times) {
            $properties[$p.name] = [DateTimeOffset]::FromUnixTimeSeconds($p.value).LocalDateTime
        }
        if ($Filter -ne '') {
            $words = $Filter.Replace("'", '').Split('=')
            if ([string]$properties[$words[0].Trim()] -ne $words[1].Trim()) {
                continue
            }
        }
        [pscustomobject]$properties
    }
}

# A service gets at once to where it was ordered.
function Get-Service {
    param([string]$Name)
    foreach ($o in @($StubHost.cim | Where-Object { $_.class -eq 'Win32_Service' })) {
        $properties = @{}
        foreach ($p in $o.properties) {
            $properties[$p.name] = $p.value
        }
        if ($properties['Name'] -ne $Name) {
            continue
        }
        $service = [pscustomobject]@{ Name = $Name; Status = [Itmsbot.Stub.Service]$properties['State'] }
        $service | Add-Member -MemberType ScriptMethod -Name 'Start' -Value {
            $StubDid.Add('Start ' + $this.Name)
            $this.Status = [Itmsbot.Stub.Service]'Running'
        }
        $service | Add-Member -MemberType ScriptMethod -Name 'WaitForStatus' -Value {
            param($Status, $Time)
            if ([string]$this.Status -ne $Status) {
                throw [TimeoutException]::new('Time out has expired and the operation has not been completed.')
            }
        }
        return $service
    }
    throw [InvalidOperationException]::new("Cannot find any service with service name '$Name'.")
}

function Stop-Service {
    param($InputObject, [switch]$NoWait)
    $StubDid.Add('Stop-Service ' + $InputObject.Name)
    $InputObject.Status = [Itmsbot.Stub.Service]'Stopped'
}

$StubAnswer = & ([ScriptBlock]::Create($in.script)) $in.args
[ordered]@{
    answer = $StubAnswer
    did    = [string[]]@($StubDid)
}
