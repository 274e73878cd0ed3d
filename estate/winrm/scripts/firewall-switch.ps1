# Switches local firewall rules of this machine on or off.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   names     the rules
#   on        true to switch on, false to switch off
# Output: one object, estate.Changed
#   machine, name, now
#   changed   names of the rules that were in the other state
#   missing   names of rules that are not in the local store; the others are switched
# Rights: local administrator.
#
# Rules are taken by their exact names out of one list: a name given to a cmdlet could
# be read as a pattern.
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

$there = @{}
foreach ($r in @(Get-NetFirewallRule -PolicyStore PersistentStore -Direction Inbound)) {
    $there[[string]$r.Name] = $r
}
foreach ($name in $in.names) {
    if (-not $there.ContainsKey($name)) {
        $answer.missing += $name
        continue
    }
    $on = [string]$there[$name].Enabled -eq 'True'
    if ($on -eq $in.on) {
        continue
    }
    if ($in.on) {
        Enable-NetFirewallRule -InputObject $there[$name]
    } else {
        Disable-NetFirewallRule -InputObject $there[$name]
    }
    $answer.changed += $name
}
return $answer
