# Reads what is in force in this machine's firewall and who is connected.
#
# Parameters: one object, estate.FirewallQuery
#   names        local rules to report whatever their state; those of the group
#                itmsbot are always reported
#   ports        client ports, "443" or "50120-50124", whose connections are listed
#   winrm_port   the port by which the caller came in
# Output: one object, estate.Firewall
#   machine, name, now, profiles, active, local, peers, callers, restore, closings
# Rights: local administrator. Changes nothing.
#
# Rules and their ports, addresses and programs are separate objects, joined on
# InstanceID; each kind is read once, because a call per rule takes minutes. Those of the
# local store are read only when there is a local rule to report: where nothing is closed
# or opened there is none, and three of eight lists fall away. No name is given to a
# cmdlet: it could be read as a pattern, and one that is not there is an error.
# HNetCfg.FwPolicy2 is faster, but has no InstanceID and no source: its rules could not be
# told from others of the same display name, or of group policy.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# Gives an address the form in which it was asked for: Windows turns 10.0.0.0/28 into
# 10.0.0.0/255.255.255.240.
function ConvertTo-Cidr([string]$Address) {
    $parts = $Address.Split('/')
    if ($parts.Count -ne 2 -or -not $parts[1].Contains('.')) {
        return $Address
    }
    $bits = 0
    foreach ($byte in [Net.IPAddress]::Parse($parts[1]).GetAddressBytes()) {
        while ($byte -gt 0) {
            $bits += $byte -band 1
            $byte = $byte -shr 1
        }
    }
    if ($bits -eq 32) {
        return $parts[0]
    }
    return $parts[0] + '/' + $bits
}

# Gives the words of a property that is one word, several or none. A filter that names
# none limits nothing: that is what Any says, and an empty word would be no door.
function ConvertTo-Word($Value) {
    $words = @($Value | ForEach-Object { [string]$_ } | Where-Object { $_ -ne '' })
    if ($words.Count -eq 0) {
        return 'Any'
    }
    return $words
}

# Reads the filters of a store. Where two filters have one InstanceID, because a local
# rule and one of group policy have the same name, nothing tells them apart: both rules
# then count with the ports and addresses of both.
function Read-Filter([string]$Store) {
    $all = @{ protocol = @{}; ports = @{}; remote = @{}; program = @{} }
    foreach ($f in @(Get-NetFirewallPortFilter -PolicyStore $Store)) {
        $id = [string]$f.InstanceID
        $protocol = @(ConvertTo-Word $f.Protocol)[0]
        $ports = @(ConvertTo-Word $f.LocalPort)
        if ($all.ports.ContainsKey($id)) {
            $ports += $all.ports[$id]
            if ($all.protocol[$id] -ne $protocol) {
                $protocol = 'Any'
            }
        }
        $all.ports[$id] = $ports
        $all.protocol[$id] = $protocol
    }
    foreach ($f in @(Get-NetFirewallAddressFilter -PolicyStore $Store)) {
        $id = [string]$f.InstanceID
        $remote = @(ConvertTo-Word $f.RemoteAddress | ForEach-Object { ConvertTo-Cidr $_ })
        if ($all.remote.ContainsKey($id)) {
            $remote += $all.remote[$id]
        }
        $all.remote[$id] = $remote
    }
    foreach ($f in @(Get-NetFirewallApplicationFilter -PolicyStore $Store)) {
        $id = [string]$f.InstanceID
        $program = [string]$f.Program
        if ($all.program.ContainsKey($id) -and $all.program[$id] -ne $program) {
            $program = 'Any'
        }
        $all.program[$id] = $program
    }
    return $all
}

# Joins a rule with its filters. What is not there is not known and counts as Any.
function ConvertTo-Rule($Rule, $Filter) {
    $id = [string]$Rule.InstanceID
    $protocol = 'Any'
    $ports = @('Any')
    $remote = @('Any')
    $program = 'Any'
    if ($Filter.protocol.ContainsKey($id)) {
        $protocol = $Filter.protocol[$id]
    }
    if ($Filter.ports.ContainsKey($id) -and $Filter.ports[$id].Count -gt 0) {
        $ports = $Filter.ports[$id]
    }
    if ($Filter.remote.ContainsKey($id) -and $Filter.remote[$id].Count -gt 0) {
        $remote = $Filter.remote[$id]
    }
    if ($Filter.program.ContainsKey($id)) {
        $program = $Filter.program[$id]
    }
    return [ordered]@{
        name     = [string]$Rule.Name
        display  = [string]$Rule.DisplayName
        group    = [string]$Rule.Group
        enabled  = [string]$Rule.Enabled -eq 'True'
        action   = [string]$Rule.Action
        store    = [string]$Rule.PolicyStoreSourceType
        source   = [string]$Rule.PolicyStoreSource
        profile  = [string]$Rule.Profile
        protocol = $protocol
        ports    = [string[]]$ports
        remote   = [string[]]$remote
        program  = $program
    }
}

# Reports whether a port is one of those given as "443" or "50120-50124".
function Test-Port([int]$Port, $Ports) {
    foreach ($range in $Ports) {
        $ends = ([string]$range).Split('-')
        if ($Port -ge [int]$ends[0] -and $Port -le [int]$ends[-1]) {
            return $true
        }
    }
    return $false
}

# Gives an address without scope, and one that came through an IPv6 socket as IPv4.
function ConvertTo-Address([string]$Text) {
    $address = [Net.IPAddress]::Parse($Text.Split('%')[0])
    if ($address.IsIPv4MappedToIPv6) {
        $address = $address.MapToIPv4()
    }
    return $address.ToString()
}

# The profile in force is that of the connected network; a domain is named otherwise
# there.
$connected = @(Get-NetConnectionProfile | ForEach-Object { [string]$_.NetworkCategory -replace '^DomainAuthenticated$', 'Domain' })
$profiles = @(foreach ($p in @(Get-NetFirewallProfile -PolicyStore ActiveStore)) {
        [ordered]@{
            name        = [string]$p.Name
            active      = $connected -contains [string]$p.Name
            enabled     = [string]$p.Enabled -eq 'True'
            inbound     = [string]$p.DefaultInboundAction -replace '^NotConfigured$', 'Block'
            local_rules = [string]$p.AllowLocalFirewallRules -ne 'False'
        }
    })

$filter = Read-Filter 'ActiveStore'
$active = @(foreach ($r in @(Get-NetFirewallRule -PolicyStore ActiveStore -TracePolicyStore -Direction Inbound -Enabled True -Action Allow)) {
        ConvertTo-Rule $r $filter
    })

$wanted = @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound | Where-Object { [string]$_.Group -eq 'itmsbot' -or $in.names -contains [string]$_.Name })
$local = @()
if ($wanted.Count -gt 0) {
    $filter = Read-Filter 'PersistentStore'
    $local = @(foreach ($r in $wanted) {
            ConvertTo-Rule $r $filter
        })
}

# A busy web server has thousands of connections in other states. There is one at least
# in this state, the caller's: a cmdlet that is asked for one and finds none fails.
$own = @(Get-NetIPAddress | ForEach-Object { ConvertTo-Address ([string]$_.IPAddress) })
$counts = @{}
$seen = @{}
foreach ($c in @(Get-NetTCPConnection -State Established)) {
    $remote = ConvertTo-Address ([string]$c.RemoteAddress)
    if ([int]$c.LocalPort -eq $in.winrm_port) {
        $seen[$remote] = $true
    }
    $mine = $own -contains $remote -or [Net.IPAddress]::IsLoopback([Net.IPAddress]::Parse($remote))
    if (-not $mine -and (Test-Port $c.LocalPort $in.ports)) {
        $counts["$remote $($c.LocalPort)"] += 1
    }
}
$peers = @(foreach ($key in @($counts.Keys | Sort-Object)) {
        $words = $key.Split(' ')
        [ordered]@{
            address = $words[0]
            port    = [int]$words[1]
            count   = $counts[$key]
        }
    })

# The bot's own tasks, in one call. The name is asked for with a wildcard because one that
# matches nothing is then no error.
$tasks = @(Get-ScheduledTask -TaskName 'itmsbot-*' | Where-Object { $_.TaskPath -eq '\' })

# The self-restore: a task, and the marker without which it does nothing.
$marker = ''
if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\itmsbot') {
    $marker = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\itmsbot').GetValue('Restore', '')
}
$task = @($tasks | Where-Object { $_.TaskName -eq 'itmsbot-restore' })
$restore = $null
if ($task.Count -gt 0) {
    $enabled = [string]$task[0].State -ne 'Disabled'
    $due = [DateTimeOffset]::Parse([string]$task[0].Triggers[0].StartBoundary, [Globalization.CultureInfo]::InvariantCulture)
    $restore = [ordered]@{
        key   = [string]$task[0].Description
        due   = $due.UtcDateTime.ToString('s') + 'Z'
        armed = $enabled -and $marker -ceq [string]$task[0].Description -and $due.UtcDateTime -gt [DateTime]::UtcNow
    }
} elseif ($marker -ne '') {
    $restore = [ordered]@{
        key   = $marker
        due   = '0001-01-01T00:00:00Z'
        armed = $false
    }
}

# The closings of openings that have an end: a task for each, named after its key. One
# whose time has come and that is still here could not do its work, or is about to.
$closings = @(foreach ($t in @($tasks | Where-Object { $_.TaskName -like 'itmsbot-close *' } | Sort-Object -Property TaskName)) {
        [ordered]@{
            key     = ([string]$t.TaskName).Substring(14)
            due     = [DateTimeOffset]::Parse([string]$t.Triggers[0].StartBoundary, [Globalization.CultureInfo]::InvariantCulture).UtcDateTime.ToString('s') + 'Z'
            enabled = [string]$t.State -ne 'Disabled'
        }
    })

[ordered]@{
    machine  = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name     = [Environment]::MachineName
    now      = [DateTime]::UtcNow.ToString('s') + 'Z'
    profiles = $profiles
    active   = $active
    local    = $local
    peers    = $peers
    callers  = [string[]]@($seen.Keys | Sort-Object)
    restore  = $restore
    closings = $closings
}
