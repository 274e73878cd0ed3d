$ErrorActionPreference='Stop'
$ProgressPreference='SilentlyContinue'
$t=New-Object Text.StringBuilder
while(($l=[Console]::In.ReadLine()) -ne '.'){
if($null -eq $l){exit 3}
[void]$t.Append($l)
}
$j=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($t.ToString()))|ConvertFrom-Json
$o=@{ok=$true}
try{$o.data=& ([ScriptBlock]::Create($j.script)) $j.args}
catch{$o.ok=$false;$o.error="$($_.Exception.Message)";$o.line=$_.InvocationInfo.ScriptLineNumber;$o.type=$_.Exception.GetType().FullName}
$b=[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(($o|ConvertTo-Json -Depth 8 -Compress)))
[Console]::Out.WriteLine("`n"+$j.nonce+':'+$b)
