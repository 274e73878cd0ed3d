# Reads the errors in this machine's logs, those of the last hours and those of as many
# hours before, and groups them.
#
# Parameters: one object, estate.LogQuery
#   hours     1 to 168
#   groups    how many groups are wanted at most, 1 to 200
# Output: one object, estate.LogReview
#   machine, name, now, hours
#   sources   of each log: name, there, errors, before, unreadable, from, stopped, trouble
#   groups    log, source, id, text, count, before, last; new ones first, then by count
#   more      how many groups there are beyond those
# Rights: local administrator. Changes nothing.
#
# Everything is read from the newest entry back, at most 64 MB of the SMP's log and for
# 50 seconds. From says where the time begins that was read without a gap. The newest
# file of the SMP's log is open for writing and is opened beside its writer.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

if ($in.hours -lt 1 -or $in.hours -gt 168 -or $in.groups -lt 1 -or $in.groups -gt 200) {
    throw [ArgumentException]::new('a review is about 1 to 168 hours and 1 to 200 groups')
}

# What is counted, for all functions: they fill it.
$now = [DateTime]::UtcNow
$review = @{
    clock  = [Diagnostics.Stopwatch]::StartNew()
    now    = $now
    start  = $now.AddHours(-$in.hours)
    first  = $now.AddHours(-2 * $in.hours)
    groups = @{}
}

function New-Source([string]$Name) {
    return [ordered]@{
        name       = $Name
        there      = $false
        errors     = 0
        before     = 0
        unreadable = 0
        from       = $null
        stopped    = ''
        trouble    = ''
    }
}

# Brings a message into the form in which two that are the same but for numbers and
# identifiers are equal: one line, at most 240 characters. Error codes in hexadecimal
# stay, because they say what went wrong.
function ConvertTo-Pattern([string]$Text) {
    if ($Text.Length -gt 2000) {
        $Text = $Text.Substring(0, 2000)
    }
    $Text = $Text -replace '\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?', '{#}'
    $Text = $Text -replace '(?<![0-9a-z])[0-9]+(?![0-9x])', '#'
    $Text = ($Text -replace '\s+', ' ').Trim()
    if ($Text.Length -gt 240) {
        $Text = $Text.Substring(0, 240)
    }
    return $Text
}

# Counts an error. Nothing that is older than both windows is given to it.
function Add-Failure($Review, $Source, [string]$From, [int]$Id, [string]$Text, [DateTime]$At) {
    $pattern = ConvertTo-Pattern $Text
    $key = @($Source.name, $From, $Id, $pattern) -join '|'
    $group = $Review.groups[$key]
    if ($null -eq $group) {
        $group = @{ log = $Source.name; source = $From; id = $Id; text = $pattern; count = 0; before = 0; last = $At }
        $Review.groups[$key] = $group
    }
    if ($At -gt $group.last) {
        $group.last = $At
    }
    if ($At -ge $Review.start) {
        $group.count += 1
        $Source.errors += 1
    } else {
        $group.before += 1
        $Source.before += 1
    }
}

function Open-Log([string]$Log, [string]$Which, [bool]$Backwards) {
    $query = [Diagnostics.Eventing.Reader.EventLogQuery]::new($Log, 'LogName', $Which)
    $query.ReverseDirection = $Backwards
    return [Diagnostics.Eventing.Reader.EventLogReader]::new($query)
}

# Gives what an event says, in the language of Windows. Where the program is gone that
# knows the words, its values have to do.
function Get-Words($Entry) {
    $words = ''
    try {
        $words = [string]$Entry.FormatDescription()
    } catch {
        $words = ''
    }
    if ($words -eq '') {
        $words = @($Entry.Properties | ForEach-Object { [string]$_.Value }) -join ' '
    }
    return $words
}

# Reads one of Windows' own logs until so many seconds have passed in all.
function Read-WindowsLog($Review, [string]$Log, [int]$Until) {
    $source = New-Source $Log
    try {
        # The oldest entry of all, of whatever level, says how far back the log goes.
        $reader = Open-Log $Log '*' $false
        $entry = $reader.ReadEvent()
        $reader.Dispose()
        $source.there = $true
        if ($null -eq $entry -or $null -eq $entry.TimeCreated) {
            return $source
        }
        $from = $entry.TimeCreated.ToUniversalTime()
        if ($from -lt $Review.first) {
            $from = $Review.first
        }
        $after = $Review.first.ToString('s') + '.000Z'
        $reader = Open-Log $Log "*[System[(Level=1 or Level=2) and TimeCreated[@SystemTime >= '$after']]]" $true
        try {
            $entry = $reader.ReadEvent()
            while ($null -ne $entry) {
                if ($null -eq $entry.TimeCreated) {
                    $source.unreadable += 1
                } else {
                    $at = $entry.TimeCreated.ToUniversalTime()
                    if ($Review.clock.Elapsed.TotalSeconds -gt $Until) {
                        $from = $at
                        $source.stopped = 'time'
                        break
                    }
                    if ($at -ge $Review.first) {
                        Add-Failure $Review $source ([string]$entry.ProviderName) ([int]$entry.Id) (Get-Words $entry) $at
                    }
                }
                $entry.Dispose()
                $entry = $reader.ReadEvent()
            }
        } finally {
            $reader.Dispose()
        }
        $source.from = $from.ToString('s') + 'Z'
    } catch {
        $source.from = $null
        $source.trouble = [string]$_.Exception.Message
    }
    return $source
}

# Reads a date of the SMP's log, which has no year: the newest that is not in the
# future, with a day for clocks that differ. Null when it is none.
function ConvertTo-Time([string]$Date, [DateTime]$Now) {
    $formats = [string[]]@('yyyy MMM d HH:mm:ss zzz', 'yyyy MMM d HH:mm:ss')
    foreach ($year in @(($Now.Year + 1), $Now.Year, ($Now.Year - 1))) {
        $time = [DateTimeOffset]::MinValue
        if ([DateTimeOffset]::TryParseExact("$year $Date", $formats, [Globalization.CultureInfo]::InvariantCulture, [Globalization.DateTimeStyles]'AllowWhiteSpaces, AssumeLocal', [ref]$time)) {
            if ($time.UtcDateTime -le $Now.AddDays(1)) {
                return $time.UtcDateTime
            }
        }
    }
    return $null
}

# Gives an attribute of an entry, empty when it has none of that name.
function Get-Attribute([string]$Head, [string]$Name) {
    $found = [regex]::Match($Head, "\s$Name\s*=\s*(?:'([^']*)'|`"([^`"]*)`")", 'IgnoreCase')
    return $found.Groups[1].Value + $found.Groups[2].Value
}

# Gives the message in what follows the head of an entry. It stands in CDATA sections,
# several where it holds their end itself.
function Get-Message([string]$Body) {
    $end = $Body.LastIndexOf('</event>')
    if ($end -ge 0) {
        $Body = $Body.Substring(0, $end)
    }
    $Body = $Body.Trim()
    if (-not $Body.StartsWith('<![CDATA[')) {
        return [Net.WebUtility]::HtmlDecode($Body)
    }
    $Body = $Body.Substring(9)
    if ($Body.EndsWith(']]>')) {
        $Body = $Body.Substring(0, $Body.Length - 3)
    }
    return $Body.Replace(']]><![CDATA[', '')
}

# Reads a piece of the SMP's log. An entry begins with a head whose attributes may stand
# in any order and either quote, and goes on to the next head. What is before the first
# head belongs to the piece before and is given back.
function Read-Piece($Review, $Source, [string]$Text) {
    $heads = [regex]::new('<event(?:\s+[\w:.-]+\s*=\s*(?:''[^'']*''|"[^"]*"))+\s*/?>', 'IgnoreCase')
    $head = $heads.Match($Text)
    if (-not $head.Success) {
        return $Text
    }
    $rest = $Text.Substring(0, $head.Index)
    $dated = $false
    while ($head.Success) {
        $next = $head.NextMatch()
        $severity = (Get-Attribute $head.Value 'severity').Trim()
        if ($severity -notmatch '^[0-9]+$') {
            $Source.unreadable += 1
        }
        if ($severity -eq '1' -or -not $dated) {
            $at = ConvertTo-Time ((Get-Attribute $head.Value 'date').Trim()) $Review.now
            if ($null -ne $at -and -not $dated) {
                $dated = $true
                if ($null -eq $Source.from -or $at -lt $Source.from) {
                    $Source.from = $at
                }
            }
            if ($severity -eq '1' -and $null -eq $at) {
                $Source.unreadable += 1
            }
            if ($severity -eq '1' -and $null -ne $at -and $at -ge $Review.first) {
                $begin = $head.Index + $head.Length
                $end = $Text.Length
                if ($next.Success) {
                    $end = $next.Index
                }
                Add-Failure $Review $Source (Get-Attribute $head.Value 'source') 0 (Get-Message ($Text.Substring($begin, $end - $begin))) $at
            }
        }
        $head = $next
    }
    return $rest
}

# Reads one file of the SMP's log from its end, in pieces, until both windows are behind
# or the source says why it was stopped. Gives the bytes that may still be read.
function Read-LogFile($Review, $Source, [string]$Path, [long]$Budget, [int]$Until) {
    $piece = [long]4194304
    $rest = ''
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $end = $stream.Length
        while ($end -gt 0) {
            if ($null -ne $Source.from -and $Source.from -le $Review.first) {
                return $Budget
            }
            if ($Review.clock.Elapsed.TotalSeconds -gt $Until) {
                $Source.stopped = 'time'
                return $Budget
            }
            if ($Budget -le 0) {
                $Source.stopped = 'bytes'
                return $Budget
            }
            $size = [Math]::Min([Math]::Min($end, $piece), $Budget)
            $bytes = [byte[]]::new([int]$size)
            $null = $stream.Seek($end - $size, 'Begin')
            $got = 0
            $n = 1
            while ($got -lt $size -and $n -gt 0) {
                $n = $stream.Read($bytes, $got, $size - $got)
                $got += $n
            }
            $end = $end - $size
            $Budget = $Budget - $size
            $rest = Read-Piece $Review $Source ([Text.Encoding]::UTF8.GetString($bytes, 0, $got) + $rest)
            if ($rest.Length -gt $piece) {
                break
            }
        }
        # What no head stands before is not in the form of this log; a mark of the
        # encoding and empty lines are nothing.
        if (($end -eq 0 -or $rest.Length -gt $piece) -and $rest.Trim([char[]]@(0xFEFF, 32, 13, 10)) -ne '') {
            $Source.unreadable += 1
        }
    } finally {
        $stream.Dispose()
    }
    return $Budget
}

# Reads the SMP's own log: the file that is being written first, then those before it.
function Read-SMPLog($Review, [int]$Until) {
    $source = New-Source 'SMP'
    $path = [Environment]::GetFolderPath('CommonApplicationData') + '\Symantec\SMP\Logs'
    $key = 'HKLM:\SOFTWARE\Altiris\eXpress\Event Logging\LogFile'
    if (Test-Path -LiteralPath $key) {
        $path = [string](Get-Item -LiteralPath $key).GetValue('FilePath', $path)
    }
    $path = $path.TrimEnd('\')
    if (-not $path.EndsWith('.log', [StringComparison]::OrdinalIgnoreCase)) {
        $path += '\a.log'
    }
    if (-not [IO.File]::Exists($path)) {
        return $source
    }
    $source.there = $true
    $stem = [IO.Path]::GetFileNameWithoutExtension($path)
    $pattern = '^' + [regex]::Escape($stem) + '[0-9]+$'
    try {
        # Windows writes size and time of an open file into its folder late, so that the
        # current file goes first by its name.
        $older = @(Get-ChildItem -LiteralPath ([IO.Path]::GetDirectoryName($path)) -Filter '*.log' -File | Where-Object { $_.BaseName -match $pattern } | Sort-Object -Property LastWriteTimeUtc -Descending)
        $budget = 67108864
        foreach ($file in @(@($path) + @($older | ForEach-Object { $_.FullName }))) {
            if ($source.stopped -ne '' -or ($null -ne $source.from -and $source.from -le $Review.first)) {
                break
            }
            $budget = Read-LogFile $Review $source $file $budget $Until
        }
    } catch {
        $source.trouble = [string]$_.Exception.Message
    }
    if ($null -ne $source.from) {
        if ($source.from -lt $Review.first) {
            $source.from = $Review.first
        }
        $source.from = $source.from.ToString('s') + 'Z'
    }
    return $source
}

$sources = @(
    (Read-WindowsLog $review 'System' 15),
    (Read-WindowsLog $review 'Application' 30),
    (Read-SMPLog $review 50)
)

# New groups go first, then the most frequent, then the latest: as words that sort.
$order = @{}
foreach ($key in @($review.groups.Keys)) {
    $g = $review.groups[$key]
    if ($g.count -gt 0) {
        $order[('{0}{1:d9} {2} {3}' -f [int]($g.before -eq 0), $g.count, $g.last.ToString('s'), $key)] = $g
    }
}
$groups = @()
$more = 0
foreach ($word in @($order.Keys | Sort-Object -Descending)) {
    if ($groups.Count -ge $in.groups) {
        $more += 1
        continue
    }
    $g = $order[$word]
    $groups += [ordered]@{
        log    = $g.log
        source = $g.source
        id     = $g.id
        text   = $g.text
        count  = $g.count
        before = $g.before
        last   = $g.last.ToString('s') + 'Z'
    }
}

[ordered]@{
    machine = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name    = [Environment]::MachineName
    now     = $now.ToString('s') + 'Z'
    hours   = [int]$in.hours
    sources = $sources
    groups  = $groups
    more    = $more
}
