# Throws, so that the caller sees what an exception looks like.
#
# Parameters: one object, which is not read
# Output: none
# Rights: any account that may use remote management. Changes nothing.
param($in)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

throw [InvalidOperationException]'thrown on purpose'
