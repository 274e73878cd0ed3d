# Reads who has reached IIS on this machine since a moment, from the logs of its sites.
#
# Parameters: one object, estate.IISQuery
#   seconds   how long ago that moment is, 0 to 604800
#   callers   how many addresses are wanted at most, 1 to 1000
# Output: one object, estate.IISLog
#   machine, name, now, since
#   installed    whether IIS is on this machine
#   configured   whether the sites are those of its configuration
#   partial      whether requests are left out of the logs
#   sites        of each site: id, name, state, requests, unreadable, from, stopped, trouble
#   own          the addresses of this machine
#   callers      address, requests, agents, last; the most frequent first
#   more         how many addresses there are beyond those
# Rights: local administrator. Changes nothing.
#
# Logs are read from the newest line back, at most 64 MB in all and for 50 seconds. From
# says where the time begins that was read without a gap. The newest file of a site is
# open for writing by http.sys and is opened beside it. http.sys writes a line when its
# request has ended, up to a minute late, and not strictly in the order of time. Times
# are UTC. The names of the columns stand in lines #Fields, of which a file may have
# many: http.sys writes one whenever it opens a file again and whenever they change.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

if ($in.seconds -lt 0 -or $in.seconds -gt 604800 -or $in.callers -lt 1 -or $in.callers -gt 1000) {
    throw [ArgumentException]::new('a look is about 0 to 604800 seconds and 1 to 1000 callers')
}

# What is counted, for all functions: they fill it. Moments are compared as the words
# that they are in a log.
$now = [DateTime]::UtcNow
$since = $now.AddSeconds(-$in.seconds)
$review = @{
    clock   = [Diagnostics.Stopwatch]::StartNew()
    after   = $since
    since   = $since.ToString('s').Replace('T', ' ')
    budget  = [long]67108864
    callers = @{}
    known   = @{}
}

function New-Site([long]$Id, [string]$Name, [string]$State) {
    return [ordered]@{
        id         = $Id
        name       = $Name
        state      = $State
        requests   = 0
        unreadable = 0
        from       = $null
        stopped    = ''
        trouble    = ''
    }
}

# Gives an attribute of the first element that has it.
function Get-Setting($Elements, [string]$Name, [string]$Default) {
    foreach ($element in $Elements) {
        if ($null -ne $element -and $element.HasAttribute($Name)) {
            return $element.GetAttribute($Name)
        }
    }
    return $Default
}

# Gives an address without scope, and one that came through an IPv6 socket as IPv4;
# empty when it is none. A bare number is none, although .NET takes it for one.
function ConvertTo-Address([string]$Text) {
    $address = [Net.IPAddress]::None
    $word = $Text.Split('%')[0]
    if ($word -notmatch '^([0-9]+\.){3}[0-9]+$|:' -or -not [Net.IPAddress]::TryParse($word, [ref]$address)) {
        return ''
    }
    if ($address.IsIPv4MappedToIPv6) {
        $address = $address.MapToIPv4()
    }
    return $address.ToString()
}

# Gives from a line #Fields where the columns stand that count; -1 for none.
function Get-Column([string]$Line) {
    $names = $Line.Substring(8).Trim().Split(' ')
    return @{
        width  = $names.Count
        date   = [Array]::IndexOf($names, 'date')
        time   = [Array]::IndexOf($names, 'time')
        caller = [Array]::IndexOf($names, 'c-ip')
        path   = [Array]::IndexOf($names, 'cs-uri-stem')
    }
}

# Reports whether a line has a moment and an address where the columns say so.
function Test-Line([string]$Line, $Columns) {
    $words = $Line.Trim([char[]]@(0, 32, 13)).Split(' ')
    if ($null -eq $Columns -or $words.Count -ne $Columns.width -or $Columns.date -lt 0 -or $Columns.time -lt 0) {
        return $false
    }
    if (($words[$Columns.date] + ' ' + $words[$Columns.time]) -notmatch '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$') {
        return $false
    }
    return $Columns.caller -lt 0 -or (ConvertTo-Address $words[$Columns.caller]) -ne ''
}

# Counts a request.
function Add-Call($Review, [string]$Address, [string]$Stamp, [string]$Path) {
    $call = $Review.callers[$Address]
    if ($null -eq $call) {
        $call = @{ requests = 0; agents = 0; last = $Stamp }
        $Review.callers[$Address] = $call
    }
    $call.requests += 1
    if ([string]::CompareOrdinal($Stamp, $call.last) -gt 0) {
        $call.last = $Stamp
    }
    if ($Path.IndexOf('/Altiris/NS/Agent/', [StringComparison]::OrdinalIgnoreCase) -ge 0 -or $Path.IndexOf('ClientTaskServer', [StringComparison]::OrdinalIgnoreCase) -ge 0) {
        $call.agents += 1
    }
}

# Reads a piece of a file. What belongs to the piece before is given back: the end of a
# line, or all the lines that the columns at the top of the file do not fit, because
# others are in force whose names stand further up.
function Read-Piece($Review, $Site, $File, [string]$Text, [bool]$Top) {
    $longest = 16777216
    $blank = [char[]]@(0, 32, 13)
    $columns = $File.columns
    $begin = 0
    if (-not $Top) {
        $begin = $Text.IndexOf([char]10) + 1
        if ($begin -eq 0 -or $begin -eq $Text.Length) {
            return $Text
        }
        $fields = $Text.IndexOf(([string][char]10 + '#Fields:'), $begin - 1, [StringComparison]::Ordinal) + 1
        $end = $Text.IndexOf([char]10, $begin)
        if ($end -ge 0 -and $Text[$begin] -ne '#' -and -not (Test-Line ($Text.Substring($begin, $end - $begin)) $columns)) {
            if ($fields -gt 0) {
                $begin = $fields
            } elseif ($Text.Length -lt $longest) {
                return $Text
            }
        }
    }
    $first = ''
    # Behind the last end of a line is one that is still being written.
    foreach ($line in $Text.Substring($begin, [Math]::Max(0, $Text.LastIndexOf([char]10) + 1 - $begin)).Split([char]10)) {
        $line = $line.Trim($blank)
        if ($line -eq '') {
            continue
        }
        if ($line[0] -eq '#') {
            if ($line.StartsWith('#Fields:', [StringComparison]::Ordinal)) {
                $columns = Get-Column $line
            }
            continue
        }
        if ($null -eq $columns) {
            $Site.unreadable += 1
            continue
        }
        if ($columns.date -lt 0 -or $columns.time -lt 0) {
            $Site.state = 'columns'
            continue
        }
        $words = $line.Split(' ')
        $stamp = ''
        if ($words.Count -eq $columns.width) {
            $stamp = $words[$columns.date] + ' ' + $words[$columns.time]
        }
        if ($stamp -notmatch '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$') {
            $Site.unreadable += 1
            continue
        }
        if ($first -eq '') {
            $first = $stamp
        }
        if ([string]::CompareOrdinal($stamp, $Review.since) -lt 0) {
            continue
        }
        $Site.requests += 1
        if ($columns.caller -lt 0) {
            $Site.state = 'columns'
            continue
        }
        $word = $words[$columns.caller]
        $address = $Review.known[$word]
        if ($null -eq $address) {
            $address = ConvertTo-Address $word
            $Review.known[$word] = $address
        }
        if ($address -eq '') {
            $Site.unreadable += 1
            continue
        }
        $path = ''
        if ($columns.path -ge 0) {
            $path = $words[$columns.path]
        }
        Add-Call $Review $address $stamp $path
    }
    if ($first -ne '' -and ($File.from -eq '' -or [string]::CompareOrdinal($first, $File.from) -lt 0)) {
        $File.from = $first
    }
    return $Text.Substring(0, $begin)
}

# Reads bytes of a file as text. Nothing but ASCII counts, so that a character that is
# cut in two does no harm.
function Read-Text($Stream, [long]$At, [int]$Size) {
    $bytes = [byte[]]::new($Size)
    $null = $Stream.Seek($At, 'Begin')
    $got = 0
    $n = 1
    while ($got -lt $Size -and $n -gt 0) {
        $n = $Stream.Read($bytes, $got, $Size - $got)
        $got += $n
    }
    return [Text.Encoding]::ASCII.GetString($bytes, 0, $got)
}

# Reads one file of a log from its end, in pieces, until the moment is behind or the
# site says why it was stopped. Gives where the time begins that was read, or nothing.
function Read-LogFile($Review, $Site, [string]$Path, [int]$Until) {
    $piece = [long]4194304
    $file = @{ columns = $null; from = '' }
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $end = $stream.Length
        $top = Read-Text $stream 0 ([int][Math]::Min($end, [long]65536))
        foreach ($line in $top.Split([char]10)) {
            if ($line.StartsWith('#Fields:', [StringComparison]::Ordinal)) {
                $file.columns = Get-Column $line
                break
            }
        }
        $rest = ''
        while ($end -gt 0 -and ($file.from -eq '' -or [string]::CompareOrdinal($file.from, $Review.since) -ge 0)) {
            if ($Review.clock.Elapsed.TotalSeconds -gt $Until) {
                $Site.stopped = 'time'
                break
            }
            if ($Review.budget -le 0) {
                $Site.stopped = 'bytes'
                break
            }
            $size = [Math]::Min([Math]::Min($end, $piece), $Review.budget)
            $end = $end - $size
            $Review.budget = $Review.budget - $size
            $rest = Read-Piece $Review $Site $file ((Read-Text $stream $end ([int]$size)) + $rest) ($end -eq 0)
        }
    } finally {
        $stream.Dispose()
    }
    return $file.from
}

# Reads the log of one site: the file that was made last, those that were written to
# since the moment, and further ones until the moment is behind. Windows writes size and
# time of an open file into its folder late, so that they do not say which one it is.
function Read-Site($Review, $Site, [string]$Folder, [int]$Until) {
    if (-not [IO.Directory]::Exists($Folder)) {
        return
    }
    $from = ''
    try {
        foreach ($file in @(Get-ChildItem -LiteralPath $Folder -Filter '*.log' -File | Sort-Object -Property CreationTimeUtc -Descending)) {
            if ($Site.stopped -ne '') {
                break
            }
            $behind = $from -ne '' -and [string]::CompareOrdinal($from, $Review.since) -lt 0
            if ($behind -and $file.LastWriteTimeUtc -lt $Review.after) {
                continue
            }
            if ($Site.state -eq 'none') {
                $Site.state = 'read'
            }
            $first = Read-LogFile $Review $Site $file.FullName $Until
            if ($first -ne '' -and ($from -eq '' -or [string]::CompareOrdinal($first, $from) -lt 0)) {
                $from = $first
            }
        }
    } catch {
        $Site.state = 'failed'
        $Site.trouble = [string]$_.Exception.Message
    }
    if ($from -ne '') {
        if ([string]::CompareOrdinal($from, $Review.since) -lt 0) {
            $from = $Review.since
        }
        $Site.from = $from.Replace(' ', 'T') + 'Z'
    }
}

# The sites stand in a file, so that no module of IIS is needed. What a site does not
# say of its log, the defaults of all sites say.
$inetsrv = [Environment]::SystemDirectory + '\inetsrv\config\'
$usual = [Environment]::ExpandEnvironmentVariables('%SystemDrive%\inetpub\logs\LogFiles')
$installed = [IO.File]::Exists($inetsrv + 'applicationHost.config')
$configured = $false
$partial = $false
$found = @()
if ($installed) {
    try {
        $xml = [Xml.XmlDocument]::new()
        $xml.XmlResolver = $null
        $elsewhere = $false
        if ([IO.File]::Exists($inetsrv + 'redirection.config')) {
            $xml.Load($inetsrv + 'redirection.config')
            $elsewhere = $null -ne $xml.SelectSingleNode('configuration/configurationRedirection[@enabled=''true'']')
        }
        if (-not $elsewhere) {
            $xml.Load($inetsrv + 'applicationHost.config')
            $partial = $null -ne $xml.SelectSingleNode('//system.webServer/httpLogging[@dontLog=''true'' or @selectiveLogging=''LogSuccessful'' or @selectiveLogging=''LogError'']')
            $central = $null -ne $xml.SelectSingleNode('configuration/system.applicationHost/log[@centralLogFileMode=''CentralW3C'' or @centralLogFileMode=''CentralBinary'']')
            $default = $xml.SelectSingleNode('configuration/system.applicationHost/sites/siteDefaults/logFile')
            $found = @(foreach ($node in $xml.SelectNodes('configuration/system.applicationHost/sites/site[bindings/binding[@protocol=''http'' or @protocol=''https'']]')) {
                    $settings = @($node.SelectSingleNode('logFile'), $default)
                    $folder = [Environment]::ExpandEnvironmentVariables((Get-Setting $settings 'directory' $usual)) + '\W3SVC' + $node.GetAttribute('id')
                    $state = 'none'
                    if ((Get-Setting $settings 'enabled' 'true') -eq 'false' -or (Get-Setting $settings 'logTargetW3C' 'File') -notmatch 'File') {
                        $state = 'off'
                    } elseif ($central) {
                        $state = 'central'
                    } elseif ((Get-Setting $settings 'logFormat' 'W3C') -ne 'W3C') {
                        $state = 'format'
                    } elseif ($folder.StartsWith('\\', [StringComparison]::Ordinal)) {
                        $state = 'remote'
                    }
                    @{ folder = $folder; site = New-Site ([long]$node.GetAttribute('id')) ($node.GetAttribute('name')) $state }
                })
            $configured = $true
        }
    } catch {
        $configured = $false
    }
    if (-not $configured) {
        $found = @()
        if ([IO.Directory]::Exists($usual)) {
            $found = @(foreach ($folder in [IO.Directory]::GetDirectories($usual, 'W3SVC*')) {
                    $id = [long]0
                    if ([long]::TryParse($folder.Substring($usual.Length + 6), [ref]$id)) {
                        @{ folder = $folder; site = New-Site $id ('W3SVC' + $id) 'none' }
                    }
                })
        }
    }
}
foreach ($one in $found) {
    if ($one.site.state -eq 'none') {
        Read-Site $review $one.site $one.folder 50
    }
}

# The most frequent go first, then the latest: as words that sort.
$order = @{}
foreach ($address in @($review.callers.Keys)) {
    $call = $review.callers[$address]
    $order[('{0:d9} {1} {2}' -f $call.requests, $call.last, $address)] = $address
}
$callers = @()
$more = 0
foreach ($word in @($order.Keys | Sort-Object -Descending)) {
    if ($callers.Count -ge $in.callers) {
        $more += 1
        continue
    }
    $call = $review.callers[$order[$word]]
    $callers += [ordered]@{
        address  = $order[$word]
        requests = $call.requests
        agents   = $call.agents
        last     = $call.last.Replace(' ', 'T') + 'Z'
    }
}

[ordered]@{
    machine    = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name       = [Environment]::MachineName
    now        = $now.ToString('s') + 'Z'
    since      = $since.ToString('s') + 'Z'
    installed  = $installed
    configured = $configured
    partial    = $partial
    sites      = @($found | ForEach-Object { $_.site })
    own        = [string[]]@(Get-NetIPAddress | ForEach-Object { ConvertTo-Address ([string]$_.IPAddress) })
    callers    = $callers
    more       = $more
}
