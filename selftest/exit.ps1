# Ends PowerShell before it has answered, as whatever kills a run does.
#
# Parameters: one object, which is not read
# Output: none
# Rights: any account that may use remote management. Changes nothing.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

exit 7
