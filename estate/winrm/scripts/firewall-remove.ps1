# Removes rules of one group from the local store of this machine's firewall.
#
# Parameters: one object
#   machine   MachineGuid of the machine that is meant; on another nothing is changed
#   names     the rules
#   group     the group they must belong to
# Output: one object, estate.Changed
#   machine, name, now
#   changed   names of the rules that were removed
#   missing   names that are not there, or belong to another group and were left
# Rights: local administrator.
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
    if (-not $there.ContainsKey($name) -or [string]$there[$name].Group -ne $in.group) {
        $answer.missing += $name
        continue
    }
    Remove-NetFirewallRule -InputObject $there[$name]
    $there.Remove($name)
    $answer.changed += $name
}
return $answer
