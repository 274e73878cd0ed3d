# Says what this machine's PowerShell and remote management are like.
#
# Parameters: one object
#   echo  text beyond ASCII; its UTF-16 units come back as numbers
# Output: one object
#   machine, name, now, powershell, windows, language, administrator, input_page,
#   output_page, echo, quotas
# Rights: the quotas take a local administrator. Changes nothing.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# The quotas stand in the configuration of WinRM; who may not read it learns so from
# the missing values.
$quotas = @(foreach ($path in @(
            'Shell\MaxShellsPerUser', 'Shell\MaxProcessesPerShell', 'Shell\MaxMemoryPerShellMB',
            'Shell\MaxConcurrentUsers', 'Shell\IdleTimeout', 'Service\MaxConcurrentOperationsPerUser',
            'Service\AllowUnencrypted', 'Service\Auth\CbtHardeningLevel', 'MaxEnvelopeSizekb')) {
        $value = ''
        try {
            $value = [string](Get-Item -LiteralPath ('WSMan:\localhost\' + $path)).Value
        } catch {
            $value = ''
        }
        [ordered]@{
            name  = $path.Split('\')[-1]
            value = $value
        }
    })
$principal = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()

[ordered]@{
    machine       = [string](Get-Item -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    name          = [Environment]::MachineName
    now           = [DateTime]::UtcNow.ToString('s') + 'Z'
    powershell    = [string]$PSVersionTable.PSVersion
    windows       = [string][Environment]::OSVersion.Version
    language      = [string]$ExecutionContext.SessionState.LanguageMode
    administrator = $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    input_page    = [Console]::InputEncoding.CodePage
    output_page   = [Console]::OutputEncoding.CodePage
    echo          = [int[]]@($in.echo.ToCharArray() | ForEach-Object { [int]$_ })
    quotas        = $quotas
}
