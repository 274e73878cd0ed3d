# Reads files of this machine that a revert of it would erase.
#
# Parameters: one object, estate.EvidenceQuery
#   kinds        smp-logs, core-settings, sim-logs, iis-logs
#   since        a moment on this machine's clock. Files that were not written to since
#                are left out, but for the newest of each kind and web site
#   file_bytes   the most bytes of one file: of a log its end, of another its start
#   most_bytes   the most bytes of all files together, 1 to 2097152
# Output: one object, estate.Evidence
#   machine, name, now
#   files    kind, path, bytes, sha256, changed, cut, content in base64; of each kind the
#            newest first. The sum is that of the whole file, empty where it could not be
#            had in time. Where nothing of most_bytes was left, content is empty and cut
#   missed   kind, path, why: what is not there, could not be opened or was left out
# Rights: local administrator. Changes nothing.
#
# The newest file of every kind is read first, then the second, for 40 seconds at most,
# and at most 50 files of a kind. Logs are opened beside their writers; of one that grows
# meanwhile counts what was there when it was opened. Logs that the SMP has packed into
# its folder Archive are left there.
#
# Where the Symantec Installation Manager writes its log is documented nowhere. It is
# taken to be in the log folder of the SMP, beside the SMP's own files, or in its own
# folder under Program Files or the folder Logs there.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$known = @('smp-logs', 'core-settings', 'sim-logs', 'iis-logs')
$strange = @($in.kinds | Where-Object { $known -cnotcontains $_ })
if ($strange.Count -gt 0 -or $in.most_bytes -lt 1 -or $in.most_bytes -gt 2097152 -or $in.file_bytes -lt 1 -or $in.file_bytes -gt $in.most_bytes) {
    throw [ArgumentException]::new('evidence is of kinds that are known, 1 to 2097152 bytes of it, and no more of one file')
}

# What was found, for all functions: they fill it.
$now = [DateTime]::UtcNow
$evidence = @{
    clock  = [Diagnostics.Stopwatch]::StartNew()
    since  = [DateTimeOffset]::Parse([string]$in.since, [Globalization.CultureInfo]::InvariantCulture).UtcDateTime
    one    = [long]$in.file_bytes
    budget = [long]$in.most_bytes
    files  = @()
    missed = @()
}

function Add-Missed($Evidence, [string]$Kind, [string]$Path, [string]$Why) {
    $Evidence.missed += [ordered]@{
        kind = $Kind
        path = $Path
        why  = $Why
    }
}

# Gives of a folder's files, the newest first, the paths of the first one and of those
# that were written to since the moment.
function Select-Recent($Evidence, [string]$Kind, [string]$Folder, $Files) {
    $n = 0
    foreach ($file in @($Files)) {
        if ($n -gt 0 -and $file.LastWriteTimeUtc -lt $Evidence.since) {
            continue
        }
        $n += 1
        if ($n -le 50) {
            $file.FullName
        }
    }
    if ($n -eq 0) {
        Add-Missed $Evidence $Kind $Folder 'there is no such file'
    } elseif ($n -gt 50) {
        Add-Missed $Evidence $Kind $Folder "$($n - 50) more files were left out"
    }
}

# Gives the path of the SMP's own log, whether it is there or not.
function Get-SMPLog {
    $path = [Environment]::GetFolderPath('CommonApplicationData') + '\Symantec\SMP\Logs'
    $key = 'HKLM:\SOFTWARE\Altiris\eXpress\Event Logging\LogFile'
    if (Test-Path -LiteralPath $key) {
        $path = [string](Get-Item -LiteralPath $key).GetValue('FilePath', $path)
    }
    $path = $path.TrimEnd('\')
    if (-not $path.EndsWith('.log', [StringComparison]::OrdinalIgnoreCase)) {
        $path += '\a.log'
    }
    return $path
}

# Lists the logs in a folder; none where there is no such folder.
function Get-Log([string]$Folder) {
    if ([IO.Directory]::Exists($Folder)) {
        Get-ChildItem -LiteralPath $Folder -Filter '*.log' -File
    }
}

# Finds the logs of the SMP: the file that is being written first, then those before it.
# Windows writes size and time of an open file into its folder late, so that the current
# one goes first by its name.
function Find-SMPLog($Evidence) {
    $path = Get-SMPLog
    $folder = [IO.Path]::GetDirectoryName($path)
    $pattern = '^' + [regex]::Escape([IO.Path]::GetFileNameWithoutExtension($path)) + '[0-9]+$'
    $logs = @(Get-Log $folder)
    $current = @($logs | Where-Object { $_.FullName -eq $path })
    $older = @($logs | Where-Object { $_.BaseName -match $pattern } | Sort-Object -Property LastWriteTimeUtc -Descending)
    Select-Recent $Evidence 'smp-logs' $folder @($current + $older)
}

# Finds the logs that may be those of the Installation Manager.
function Find-SIMLog($Evidence) {
    $path = Get-SMPLog
    $folder = [IO.Path]::GetDirectoryName($path)
    $pattern = '^' + [regex]::Escape([IO.Path]::GetFileNameWithoutExtension($path)) + '[0-9]*$'
    $own = [Environment]::GetFolderPath('ProgramFiles') + '\Altiris\Symantec Installation Manager'
    $logs = @(Get-Log $folder | Where-Object { $_.BaseName -notmatch $pattern }) + @(Get-Log $own) + @(Get-Log ($own + '\Logs'))
    Select-Recent $Evidence 'sim-logs' $folder @($logs | Sort-Object -Property LastWriteTimeUtc -Descending)
}

# Finds the file of the core settings.
function Find-CoreSettings($Evidence) {
    $path = [Environment]::GetFolderPath('CommonApplicationData') + '\Symantec\SMP\Settings\coresettings.config'
    if ([IO.File]::Exists($path)) {
        return $path
    }
    Add-Missed $Evidence 'core-settings' $path 'there is no such file'
}

# Gives the folders of the logs of IIS, of each site one. The sites stand in a file, so
# that no module of IIS is needed; where it cannot be read, the usual folders have to do.
function Get-IISFolder($Evidence) {
    $inetsrv = [Environment]::SystemDirectory + '\inetsrv\config\'
    $usual = [Environment]::ExpandEnvironmentVariables('%SystemDrive%\inetpub\logs\LogFiles')
    if (-not [IO.File]::Exists($inetsrv + 'applicationHost.config')) {
        Add-Missed $Evidence 'iis-logs' '' 'IIS is not installed'
        return
    }
    try {
        $xml = [Xml.XmlDocument]::new()
        $xml.XmlResolver = $null
        if ([IO.File]::Exists($inetsrv + 'redirection.config')) {
            $xml.Load($inetsrv + 'redirection.config')
            if ($null -ne $xml.SelectSingleNode('configuration/configurationRedirection[@enabled=''true'']')) {
                throw [InvalidOperationException]::new('the configuration of IIS is on another machine')
            }
        }
        $xml.Load($inetsrv + 'applicationHost.config')
        $default = $xml.SelectSingleNode('configuration/system.applicationHost/sites/siteDefaults/logFile[@directory]')
        foreach ($node in $xml.SelectNodes('configuration/system.applicationHost/sites/site[bindings/binding[@protocol=''http'' or @protocol=''https'']]')) {
            $folder = $usual
            $own = $node.SelectSingleNode('logFile[@directory]')
            if ($null -ne $own) {
                $folder = $own.GetAttribute('directory')
            } elseif ($null -ne $default) {
                $folder = $default.GetAttribute('directory')
            }
            [Environment]::ExpandEnvironmentVariables($folder) + '\W3SVC' + $node.GetAttribute('id')
        }
    } catch {
        Add-Missed $Evidence 'iis-logs' ($inetsrv + 'applicationHost.config') ([string]$_.Exception.Message)
        if ([IO.Directory]::Exists($usual)) {
            [IO.Directory]::GetDirectories($usual, 'W3SVC*')
        }
    }
}

# Finds the logs of IIS: of each site the file that was made last first.
function Find-IISLog($Evidence) {
    foreach ($folder in @(Get-IISFolder $Evidence)) {
        if ($folder.StartsWith('\\', [StringComparison]::Ordinal)) {
            Add-Missed $Evidence 'iis-logs' $folder 'the folder is on another machine'
            continue
        }
        try {
            Select-Recent $Evidence 'iis-logs' $folder @(Get-Log $folder | Sort-Object -Property CreationTimeUtc -Descending)
        } catch {
            Add-Missed $Evidence 'iis-logs' $folder ([string]$_.Exception.Message)
        }
    }
}

# Gives the SHA-256 of the first so many bytes of a file, empty when the time is over.
function Get-Sum($Evidence, $Stream, [long]$Bytes) {
    $sha = [Security.Cryptography.SHA256CryptoServiceProvider]::new()
    try {
        $piece = [byte[]]::new(1048576)
        $null = $Stream.Seek(0, 'Begin')
        while ($Bytes -gt 0) {
            $n = $Stream.Read($piece, 0, [int][Math]::Min($Bytes, [long]1048576))
            if ($n -eq 0 -or $Evidence.clock.Elapsed.TotalSeconds -gt 40) {
                return ''
            }
            $null = $sha.TransformBlock($piece, 0, $n, $null, 0)
            $Bytes = $Bytes - $n
        }
        $null = $sha.TransformFinalBlock($piece, 0, 0)
        return [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLowerInvariant()
    } finally {
        $sha.Dispose()
    }
}

# Reads one file.
function Read-Evidence($Evidence, [string]$Kind, [string]$Path) {
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $bytes = $stream.Length
        $size = [int][Math]::Min([Math]::Min($bytes, $Evidence.one), $Evidence.budget)
        $from = [long]0
        if ($Kind -ne 'core-settings') {
            $from = $bytes - $size
        }
        $content = [byte[]]::new($size)
        $null = $stream.Seek($from, 'Begin')
        $got = 0
        $n = 1
        while ($got -lt $size -and $n -gt 0) {
            $n = $stream.Read($content, $got, $size - $got)
            $got += $n
        }
        $Evidence.budget = $Evidence.budget - $got
        $Evidence.files += [ordered]@{
            kind    = $Kind
            path    = $Path
            bytes   = $bytes
            sha256  = Get-Sum $Evidence $stream $bytes
            changed = [IO.File]::GetLastWriteTimeUtc($Path).ToString('s') + 'Z'
            cut     = $got -lt $bytes
            content = [Convert]::ToBase64String($content, 0, $got)
        }
    } finally {
        $stream.Dispose()
    }
}

$paths = @{}
$most = 0
foreach ($kind in $in.kinds) {
    try {
        $paths[$kind] = @()
        if ($kind -eq 'smp-logs') {
            $paths[$kind] = @(Find-SMPLog $evidence)
        } elseif ($kind -eq 'sim-logs') {
            $paths[$kind] = @(Find-SIMLog $evidence)
        } elseif ($kind -eq 'iis-logs') {
            $paths[$kind] = @(Find-IISLog $evidence)
        } else {
            $paths[$kind] = @(Find-CoreSettings $evidence)
        }
    } catch {
        Add-Missed $evidence $kind '' ([string]$_.Exception.Message)
    }
    $most = [Math]::Max($most, $paths[$kind].Count)
}
for ($i = 0; $i -lt $most; $i++) {
    foreach ($kind in $in.kinds) {
        if ($i -ge $paths[$kind].Count) {
            continue
        }
        $path = $paths[$kind][$i]
        if ($evidence.clock.Elapsed.TotalSeconds -gt 40) {
            Add-Missed $evidence $kind $path 'there was no time left'
            continue
        }
        try {
            Read-Evidence $evidence $kind $path
        } catch {
            Add-Missed $evidence $kind $path ([string]$_.Exception.Message)
        }
    }
}

[ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = $now.ToString('s') + 'Z'
    files   = @($evidence.files)
    missed  = @($evidence.missed)
}
