# Makes narrow copies of inbound rules in the local store of this machine's firewall.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   group     the group that the copies get
#   copies    estate.RuleCopy: name, display, from, protocol, ports; no ports for a
#             protocol that has none
# Output: one object, estate.Changed
#   machine, name, now
#   changed   names of the copies that were made or narrowed
#   missing   names of originals that are not there and have no copy; then nothing is
#             changed at all
# Rights: local administrator.
#
# A rule is copied whole and then narrowed, so that the copy has every filter of its
# original, those too that nobody here asks for. In between it is as wide as the original,
# which is on at that time. Where a run ended there, the copy is found in the group of its
# original, and is narrowed now. A rule of that name in any other group belongs to somebody
# else: then nothing is changed at all. At the end every copy is read back.
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

# Reads the local rules, by name. A name given to a cmdlet could be read as a pattern.
function Read-Rules {
    $rules = @{}
    foreach ($r in @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound)) {
        $rules[[string]$r.Name] = $r
    }
    return $rules
}

# Gives a list of words one form, whatever their order.
function ConvertTo-Key($Words) {
    return @($Words | ForEach-Object { [string]$_ } | Sort-Object -Unique) -join ','
}

# Reports whether a copy is of the group and as narrow as it has to be. What Windows shows
# as the port of a protocol without ports means nothing.
function Test-Narrow($Rule, $Want, [string]$Group) {
    $port = Get-NetFirewallPortFilter -AssociatedNetFirewallRule $Rule
    return [string]$Rule.Group -eq $Group -and
        [string]$Rule.Enabled -eq 'True' -and
        [string]$port.Protocol -eq $Want.protocol -and
        (@($Want.ports).Count -eq 0 -or (ConvertTo-Key $port.LocalPort) -eq (ConvertTo-Key $Want.ports))
}

# Gives what a copy has to have from its original, as one text.
function Get-Rest($Rule) {
    $address = Get-NetFirewallAddressFilter -AssociatedNetFirewallRule $Rule
    $program = Get-NetFirewallApplicationFilter -AssociatedNetFirewallRule $Rule
    $service = Get-NetFirewallServiceFilter -AssociatedNetFirewallRule $Rule
    $card = Get-NetFirewallInterfaceFilter -AssociatedNetFirewallRule $Rule
    $kind = Get-NetFirewallInterfaceTypeFilter -AssociatedNetFirewallRule $Rule
    $security = Get-NetFirewallSecurityFilter -AssociatedNetFirewallRule $Rule
    return @(
        [string]$Rule.Action, [string]$Rule.Profile, [string]$Rule.EdgeTraversalPolicy,
        (ConvertTo-Key $address.LocalAddress), (ConvertTo-Key $address.RemoteAddress),
        [string]$program.Program, [string]$program.Package, [string]$service.Service,
        (ConvertTo-Key $card.InterfaceAlias), [string]$kind.InterfaceType,
        [string]$security.Authentication, [string]$security.Encryption, [string]$security.OverrideBlockRules,
        [string]$security.LocalUser, [string]$security.RemoteUser, [string]$security.RemoteMachine
    ) -join '|'
}

$there = Read-Rules
foreach ($want in $in.copies) {
    $known = $there.ContainsKey($want.from)
    if ($there.ContainsKey($want.name)) {
        $group = [string]$there[$want.name].Group
        if ($group -ne $in.group -and (-not $known -or $group -ne [string]$there[$want.from].Group)) {
            throw [InvalidOperationException]::new("rule $($want.name) exists and is no copy of $($want.from)")
        }
    } elseif (-not $known) {
        $answer.missing += $want.from
    }
}
if ($answer.missing.Count -gt 0) {
    return $answer
}

foreach ($want in $in.copies) {
    if (-not $there.ContainsKey($want.name)) {
        $null = Copy-NetFirewallRule -InputObject $there[$want.from] -NewName $want.name
    }
}

$there = Read-Rules
foreach ($want in $in.copies) {
    $copy = $there[$want.name]
    if (Test-Narrow $copy $want $in.group) {
        continue
    }
    $copy.Group = [string]$in.group
    if (@($want.ports).Count -gt 0) {
        $null = Set-NetFirewallRule -InputObject $copy -NewDisplayName $want.display -Enabled True -Protocol $want.protocol -LocalPort ([string[]]$want.ports)
    } else {
        $null = Set-NetFirewallRule -InputObject $copy -NewDisplayName $want.display -Enabled True -Protocol $want.protocol
    }
    $answer.changed += $want.name
}

$there = Read-Rules
foreach ($want in $in.copies) {
    if (-not (Test-Narrow $there[$want.name] $want $in.group)) {
        throw [InvalidOperationException]::new("rule $($want.name) does not read back as narrow as it was made")
    }
    if ($there.ContainsKey($want.from) -and (Get-Rest $there[$want.name]) -cne (Get-Rest $there[$want.from])) {
        throw [InvalidOperationException]::new("rule $($want.name) does not read back like $($want.from)")
    }
}
return $answer
