# Reads what of the SMP's event queue is not in the database.
#
# Parameters: one object
#   cap       how many files of a folder are counted at most
#   services  the services without which the queue stands still
# Output: one object, estate.QueueFiles
#   machine, name, now
#   path, path_default   the folder of the queue, and whether it is the one of the product
#   folders              name, there, files, capped
#   services             those that are installed: name, display, state, start, account
#   flushes, paused      FlushAgentEvents and PauseActivities
# Rights: local administrator. Changes nothing.
#
# On a machine without Notification Server there is no queue: that is an exception and
# not an empty queue.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$key = 'HKLM:\SOFTWARE\Altiris\eXpress\Notification Server'
if (-not (Test-Path -LiteralPath $key)) {
    throw [InvalidOperationException]::new('this machine has no Notification Server')
}
$server = Get-Item -LiteralPath $key

$path = ([string]$server.GetValue('EventQueuePath', '')).TrimEnd('\')
$default = $path -eq ''
if ($default) {
    $path = [Environment]::GetFolderPath('CommonApplicationData') + '\Symantec\SMP\EventQueue'
}

# A folder may hold hundreds of thousands of files: they are enumerated and not listed.
$folders = @(foreach ($name in @('EvtInbox', 'EvtQueue')) {
        $folder = $path + '\' + $name
        $there = [IO.Directory]::Exists($folder)
        $files = 0
        $capped = $false
        if ($there) {
            foreach ($file in [IO.Directory]::EnumerateFiles($folder, '*.nse', 'AllDirectories')) {
                if ($files -ge $in.cap) {
                    $capped = $true
                    break
                }
                $files += 1
            }
        }
        [ordered]@{
            name   = $name
            there  = $there
            files  = $files
            capped = $capped
        }
    })

$services = @(foreach ($s in @(Get-CimInstance -ClassName 'Win32_Service')) {
        if ($in.services -contains [string]$s.Name) {
            [ordered]@{
                name    = [string]$s.Name
                display = [string]$s.DisplayName
                state   = [string]$s.State
                start   = [string]$s.StartMode
                account = [string]$s.StartName
            }
        }
    })

# How a switch is written is not documented for both; what is neither empty nor zero is
# taken for on.
$off = @('', '0', 'false')
[ordered]@{
    machine      = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name         = [Environment]::MachineName
    now          = [DateTime]::UtcNow.ToString('s') + 'Z'
    path         = $path
    path_default = $default
    folders      = $folders
    services     = $services
    flushes      = $off -notcontains [string]$server.GetValue('FlushAgentEvents', '')
    paused       = $off -notcontains [string]$server.GetValue('PauseActivities', '')
}
