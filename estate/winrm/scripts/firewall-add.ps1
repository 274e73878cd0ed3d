# Makes inbound allow rules for TCP in the local store of this machine's firewall.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   group     the group that the rules get
#   rules     estate.NewRule: name, display, ports, remote
# Output: one object, estate.Changed
#   machine, name, now
#   changed   names of the rules that were made or replaced
#   missing   always empty
# Rights: local administrator.
#
# A rule that is there and the same is left alone; one of the group that differs is
# replaced. A rule of that name in another group belongs to somebody else: then
# nothing is changed at all.
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

# Gives an address one form: Windows turns 10.0.0.0/28 into 10.0.0.0/255.255.255.240.
function ConvertTo-Cidr([string]$Address) {
    $parts = $Address.Split('/')
    if ($parts.Count -ne 2) {
        return $Address
    }
    $bits = $parts[1]
    if ($bits.Contains('.')) {
        $bits = 0
        foreach ($byte in [Net.IPAddress]::Parse($parts[1]).GetAddressBytes()) {
            while ($byte -gt 0) {
                $bits += $byte -band 1
                $byte = $byte -shr 1
            }
        }
    }
    if ([string]$bits -eq '32' -and -not $Address.Contains(':')) {
        return $parts[0]
    }
    return $parts[0] + '/' + $bits
}

# Gives a list of words one form, whatever their order.
function ConvertTo-Key($Words) {
    return @($Words | ForEach-Object { ConvertTo-Cidr ([string]$_) } | Sort-Object -Unique) -join ','
}

# Reports whether a rule and its filters let in what is wanted and nothing else.
function Test-Same($Rule, $Want) {
    $port = Get-NetFirewallPortFilter -AssociatedNetFirewallRule $Rule
    $address = Get-NetFirewallAddressFilter -AssociatedNetFirewallRule $Rule
    $program = Get-NetFirewallApplicationFilter -AssociatedNetFirewallRule $Rule
    return [string]$Rule.Direction -eq 'Inbound' -and
        [string]$Rule.Enabled -eq 'True' -and
        [string]$Rule.Action -eq 'Allow' -and
        [string]$Rule.Profile -eq 'Any' -and
        [string]$Rule.DisplayName -ceq $Want.display -and
        [string]$port.Protocol -eq 'TCP' -and
        [string]$program.Program -eq 'Any' -and
        (ConvertTo-Key $address.LocalAddress) -eq 'Any' -and
        (ConvertTo-Key $port.LocalPort) -eq (ConvertTo-Key $Want.ports) -and
        (ConvertTo-Key $address.RemoteAddress) -eq (ConvertTo-Key $Want.remote)
}

$there = @{}
foreach ($r in @(Get-NetFirewallRule -PolicyStore PersistentStore)) {
    $there[[string]$r.Name] = $r
}
foreach ($want in $in.rules) {
    if ($there.ContainsKey($want.name) -and [string]$there[$want.name].Group -ne $in.group) {
        throw [InvalidOperationException]::new("rule $($want.name) exists and is not of the group $($in.group)")
    }
}

foreach ($want in $in.rules) {
    if ($there.ContainsKey($want.name)) {
        if (Test-Same $there[$want.name] $want) {
            continue
        }
        Remove-NetFirewallRule -InputObject $there[$want.name]
    }
    $null = New-NetFirewallRule -PolicyStore PersistentStore -Name $want.name -DisplayName $want.display -Group $in.group -Enabled True -Profile Any -Direction Inbound -Action Allow -Protocol TCP -LocalPort ([string[]]$want.ports) -RemoteAddress ([string[]]$want.remote)
    $answer.changed += $want.name
}
return $answer
