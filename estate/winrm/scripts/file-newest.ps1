# Finds the newest file below a folder of this machine.
#
# Parameters: one object
#   path      the folder, with its drive: D:\Backup
#   cap       how many files are looked at, at most
#   seconds   how long it may take, at most
# Output: one object, estate.NewestFile
#   machine, name, now
#   path, there   the folder, and whether it is there and can be opened
#   files         how many files were looked at
#   newest        path, size in bytes, age in seconds; null when there is no file
#   unread        how many folders below could not be opened, or lead elsewhere
#   stopped       files, time, or nothing when everything was looked at
#   trouble       what Windows says of the first folder that could not be opened
# Rights: local administrator. Changes nothing.
#
# A folder may hold hundreds of thousands of files: they are enumerated and not listed. A
# folder that is a link or a mounted volume is not followed, so that nothing goes round in
# circles.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

if ($in.path -notmatch '^[A-Za-z]:\\[^\\]' -or $in.cap -lt 1 -or $in.seconds -lt 1) {
    throw [ArgumentException]::new('a search is about a folder of a local drive and has limits')
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$there = [IO.Directory]::Exists($in.path)
$files = 0
$unread = 0
$stopped = ''
$trouble = ''
$best = $null
$folders = @()
if ($there) {
    $folders = @([IO.DirectoryInfo]::new($in.path))
}
while ($folders.Count -gt 0 -and $stopped -eq '') {
    $below = @()
    foreach ($folder in $folders) {
        try {
            foreach ($file in $folder.EnumerateFiles()) {
                if ($files -ge $in.cap) {
                    $stopped = 'files'
                } elseif ($clock.Elapsed.TotalSeconds -gt $in.seconds) {
                    $stopped = 'time'
                }
                if ($stopped -ne '') {
                    break
                }
                $files += 1
                if ($null -eq $best -or $file.LastWriteTimeUtc -gt $best.LastWriteTimeUtc) {
                    $best = $file
                }
            }
            foreach ($next in $folder.EnumerateDirectories()) {
                if ([int]$next.Attributes -band 1024) {
                    $unread += 1
                } else {
                    $below += $next
                }
            }
        } catch {
            $unread += 1
            if ($trouble -eq '') {
                $trouble = [string]$_.Exception.Message
            }
        }
        if ($stopped -eq '' -and $clock.Elapsed.TotalSeconds -gt $in.seconds) {
            $stopped = 'time'
        }
        if ($stopped -ne '') {
            break
        }
    }
    $folders = $below
}

# Windows writes size and time of an open file into its folder late, so that they are read
# once more from the file itself.
$now = [DateTime]::UtcNow
$newest = $null
if ($null -ne $best) {
    $best.Refresh()
    $newest = [ordered]@{
        path = $best.FullName
        size = [long]$best.Length
        age  = [long][Math]::Floor(($now - $best.LastWriteTimeUtc).TotalSeconds)
    }
}

[ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = $now.ToString('s') + 'Z'
    path    = [string]$in.path
    there   = $there
    files   = $files
    newest  = $newest
    unread  = $unread
    stopped = $stopped
    trouble = $trouble
}
