# Waits for the end of its input, which the caller closed before it started.
#
# Parameters: one object
#   wait_ms  for how long
# Output: one object
#   machine, name, now, ended, bytes
# Rights: any account that may use remote management. Changes nothing.
#
# [Console]::In has read the payload and knows no time limit, so a stream of its own
# reads on behind it.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$stream = [Console]::OpenStandardInput()
$buffer = [byte[]]@(0)
$read = $stream.BeginRead($buffer, 0, 1, $null, $null)
$ended = $read.AsyncWaitHandle.WaitOne([int]$in.wait_ms)
$bytes = 0
if ($ended) {
    $bytes = $stream.EndRead($read)
}

[ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = [DateTime]::UtcNow.ToString('s') + 'Z'
    ended   = $ended
    bytes   = $bytes
}
