# Reads what a reboot of this machine would find, and whether there was one.
#
# Parameters: one object
#   key       names upgrade, request and step
# Output: one object, estate.RebootState
#   machine, name, now
#   boot         when Windows started, by the machine's clock
#   laid         when the boot key was laid for the key; null when there is none
#   ordered      when a restart was ordered for the key; null when none was
#   reasons      why Windows wants a restart: code, count, items
#   agent        the agent's own armed power action: action, deadline; null for none
#   installers   running installations: process, pid, since
#   in_progress  Windows Installer has one under way
#   schedules    the SMP still recreates its schedules after an upgrade
# Rights: local administrator. Changes nothing.
#
# Command lines of installers are not read: they may hold passwords.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# Reads a value of the registry, or a default where there is no such key or value. A
# value is not a key: Test-Path would never find one.
function Get-Value([string]$Path, [string]$Name, $Default) {
    if (-not (Test-Path -LiteralPath $Path)) {
        return $Default
    }
    return (Get-Item -LiteralPath $Path).GetValue($Name, $Default)
}

function New-Reason([string]$Code, [int]$Count, $Items) {
    return [ordered]@{
        code  = $Code
        count = $Count
        items = [string[]]@($Items)
    }
}

$control = 'HKLM:\SYSTEM\CurrentControlSet\Control'
$current = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
$reasons = @()

# Pairs of a file and its new name, which is empty where the file is to be deleted.
$count = 0
$items = @()
foreach ($name in @('PendingFileRenameOperations', 'PendingFileRenameOperations2')) {
    $pairs = @(Get-Value ($control + '\Session Manager') $name @())
    for ($i = 0; $i -lt $pairs.Count; $i += 2) {
        $count += 1
        if ($items.Count -lt 20) {
            $items += [string]$pairs[$i] -replace '^[!*]?[0-9]*\\\?\?\\', ''
        }
    }
}
if ($count -gt 0) {
    $reasons += New-Reason 'file-rename' $count $items
}

$servicing = $current + '\Component Based Servicing'
if ((Test-Path -LiteralPath ($servicing + '\RebootPending')) -or (Test-Path -LiteralPath ($servicing + '\RebootInProgress'))) {
    $reasons += New-Reason 'servicing' 1 @()
}
$update = $current + '\WindowsUpdate\Auto Update'
if ((Test-Path -LiteralPath ($update + '\RebootRequired')) -or (Test-Path -LiteralPath ($update + '\PostRebootReporting'))) {
    $reasons += New-Reason 'windows-update' 1 @()
}
if ([int](Get-Value 'HKLM:\SOFTWARE\Microsoft\Updates' 'UpdateExeVolatile' 0) -ne 0) {
    $reasons += New-Reason 'updates-volatile' 1 @()
}
if ($null -ne (Get-Value ($current + '\RunOnce') 'DVDRebootSignal' $null)) {
    $reasons += New-Reason 'run-once' 1 @()
}
# Who describes these two calls them values or keys; either counts.
$netlogon = 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon'
$joining = $false
foreach ($name in @('JoinDomain', 'AvoidSpnSet')) {
    if ($null -ne (Get-Value $netlogon $name $null) -or (Test-Path -LiteralPath ($netlogon + '\' + $name))) {
        $joining = $true
    }
}
if ($joining) {
    $reasons += New-Reason 'domain-join' 1 @()
}
$active = [string](Get-Value ($control + '\ComputerName\ActiveComputerName') 'ComputerName' '')
$wanted = [string](Get-Value ($control + '\ComputerName\ComputerName') 'ComputerName' '')
if ($active -ne $wanted) {
    $reasons += New-Reason 'computer-rename' 1 @()
}

$agent = $null
foreach ($root in @('HKLM:\SOFTWARE\Altiris', 'HKLM:\SOFTWARE\WOW6432Node\Altiris')) {
    $actions = $root + '\Altiris Agent\Dynamic Data\PowerActions'
    $armed = [string](Get-Value $actions 'ScheduledPowerAction' '')
    if ($armed -ne '' -and $armed -ne '0') {
        $agent = [ordered]@{
            action   = $armed
            deadline = [string](Get-Value $actions 'ScheduledPowerActionDeferralLimit' '')
        }
    }
}

# The service of Windows Installer is a msiexec too, and stays for minutes after its
# last work.
$service = 0
foreach ($s in @(Get-CimInstance -ClassName 'Win32_Service' -Filter "Name = 'msiserver'")) {
    $service = [int]$s.ProcessId
}
$installers = @(foreach ($p in @(Get-CimInstance -ClassName 'Win32_Process')) {
        $msi = [string]$p.Name -eq 'msiexec.exe' -and [int]$p.ProcessId -ne $service
        $itms = [string]$p.Name -eq 'AeXConfig.exe' -or [string]$p.ExecutablePath -like '*\Symantec Installation Manager\*'
        if (($msi -or $itms) -and $null -ne $p.CreationDate) {
            [ordered]@{
                process = [string]$p.Name
                pid     = [int]$p.ProcessId
                since   = $p.CreationDate.ToUniversalTime().ToString('s') + 'Z'
            }
        }
    })

$own = 'HKLM:\SOFTWARE\itmsbot'
$laid = Get-Value ($own + '\Boot') ([string]$in.key) $null
$ordered = Get-Value ($own + '\Restart') ([string]$in.key) $null

$os = Get-CimInstance -ClassName 'Win32_OperatingSystem'
[ordered]@{
    machine     = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name        = [Environment]::MachineName
    now         = [DateTime]::UtcNow.ToString('s') + 'Z'
    boot        = $os.LastBootUpTime.ToUniversalTime().ToString('s') + 'Z'
    laid        = $laid
    ordered     = $ordered
    reasons     = $reasons
    agent       = $agent
    installers  = $installers
    in_progress = Test-Path -LiteralPath ($current + '\Installer\InProgress')
    schedules   = $null -ne (Get-Value 'HKLM:\SOFTWARE\Altiris\eXpress\Notification Server' 'RecreateAllSchedulesPostUpgrade' $null)
}
