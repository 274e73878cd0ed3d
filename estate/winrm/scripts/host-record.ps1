# Reads what is written down of this machine before an upgrade.
#
# Parameters: none
# Output: one object, estate.HostRecord
#   machine, name, now
#   bios       UUID of the machine, as Windows has it
#   windows    version of the operating system
#   boot       when it started
#   networks   interface, name, profile
#   services   name, display, state, start, account
#   products   of Altiris, Symantec and Broadcom: code, name, version, publisher
#   account    of the machine: domain, joined, trusted, password_seconds,
#              password_days, password_fixed
# Rights: local administrator. Changes nothing.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# Reads a value of the registry, or a default where there is no such key or value.
function Get-Value([string]$Path, [string]$Name, $Default) {
    if (-not (Test-Path -LiteralPath $Path)) {
        return $Default
    }
    return (Get-Item -LiteralPath $Path).GetValue($Name, $Default)
}

# Reports whether a service is the copy of one for one logon session, which has another
# name at the next logon. Windows marks it with the bit SERVICE_USERSERVICE_INSTANCE.
function Test-Session([string]$Name) {
    if ($Name -notmatch '_[0-9a-f]+$') {
        return $false
    }
    $type = Get-Value ('HKLM:\SYSTEM\CurrentControlSet\Services\' + $Name) 'Type' 0
    return ($type -band 0x80) -ne 0
}

# Gives the seconds since the machine last changed the password of its account, or
# null. The domain knows too, but a logon by NTLM may not ask it on behalf of the
# caller; so the event is looked for that Windows logs on the machine itself.
function Get-PasswordAge {
    $query = [Diagnostics.Eventing.Reader.EventLogQuery]::new('System', 'LogName', "*[System[Provider[@Name='NETLOGON'] and EventID=5823]]")
    $query.ReverseDirection = $true
    $reader = [Diagnostics.Eventing.Reader.EventLogReader]::new($query)
    try {
        $entry = $reader.ReadEvent()
        if ($null -ne $entry -and $null -ne $entry.TimeCreated) {
            return [long]([DateTime]::UtcNow - $entry.TimeCreated.ToUniversalTime()).TotalSeconds
        }
    } finally {
        $reader.Dispose()
    }
    return $null
}

$networks = @(foreach ($p in @(Get-NetConnectionProfile)) {
        [ordered]@{
            interface = [string]$p.InterfaceAlias
            name      = [string]$p.Name
            profile   = [string]$p.NetworkCategory -replace '^DomainAuthenticated$', 'Domain'
        }
    })

$services = @(foreach ($s in @(Get-CimInstance -ClassName 'Win32_Service')) {
        if (-not (Test-Session ([string]$s.Name))) {
            [ordered]@{
                name    = [string]$s.Name
                display = [string]$s.DisplayName
                state   = [string]$s.State
                start   = [string]$s.StartMode
                account = [string]$s.StartName
            }
        }
    })

$roots = @(
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall',
    'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
)
$products = @(foreach ($root in $roots) {
        if (-not (Test-Path -LiteralPath $root)) {
            continue
        }
        foreach ($k in @(Get-ChildItem -LiteralPath $root)) {
            $title = [string]$k.GetValue('DisplayName', '')
            $publisher = [string]$k.GetValue('Publisher', '')
            if ($title -ne '' -and $publisher -match 'Altiris|Symantec|Broadcom') {
                [ordered]@{
                    code      = [string]$k.PSChildName
                    name      = $title
                    version   = [string]$k.GetValue('DisplayVersion', '')
                    publisher = $publisher
                }
            }
        }
    })

# What the domain has to say is not worth the rest of the record: where it cannot be
# found out it is not known.
$computer = Get-CimInstance -ClassName 'Win32_ComputerSystem'
$trusted = $null
$age = $null
if ($computer.PartOfDomain) {
    try {
        $trusted = [bool](Test-ComputerSecureChannel)
    } catch {
        $trusted = $null
    }
    try {
        $age = Get-PasswordAge
    } catch {
        $age = $null
    }
}
$netlogon = 'HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters'
$account = [ordered]@{
    domain           = [string]$computer.Domain
    joined           = [bool]$computer.PartOfDomain
    trusted          = $trusted
    password_seconds = $age
    password_days    = [int](Get-Value $netlogon 'MaximumPasswordAge' 30)
    password_fixed   = [int](Get-Value $netlogon 'DisablePasswordChange' 0) -ne 0
}

$os = Get-CimInstance -ClassName 'Win32_OperatingSystem'
[ordered]@{
    machine  = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name     = [Environment]::MachineName
    now      = [DateTime]::UtcNow.ToString('s') + 'Z'
    bios     = [string](Get-CimInstance -ClassName 'Win32_ComputerSystemProduct').UUID
    windows  = [string]$os.Version
    boot     = $os.LastBootUpTime.ToUniversalTime().ToString('s') + 'Z'
    networks = $networks
    services = $services
    products = $products
    account  = $account
}
