package scripts

import "testing"

// TestFaultsAreFound holds the checks themselves: each of these must be caught.
func TestFaultsAreFound(t *testing.T) {
	for name, text := range map[string]string{
		"brace missing":          "if ($true) { $null = 1",
		"quote missing":          "$x = 'a\n",
		"ternary":                "$y = $true ? 1 : 2",
		"null coalescing":        "$y = $null ?? 1",
		"pipeline chain":         "Get-Item -LiteralPath 'x' && Get-Item -LiteralPath 'y'",
		"unknown command":        "Get-Process",
		"misspelt command":       "Get-NetFirewalRule",
		"unknown parameter":      "Get-NetFirewallRule -Store ActiveStore",
		"abbreviated parameter":  "Get-NetFirewallRule -Pol ActiveStore",
		"alias":                  "@(1) | % { $_ }",
		"alias that is a word":   "gci",
		"Invoke-Expression":      "Invoke-Expression 'a'",
		"call operator":          "$x = 'a'\n& $x",
		"call of a string":       "& 'powershell.exe'",
		"dot sourcing":           ". 'a.ps1'",
		"script block from text": "$null = [ScriptBlock]::Create('a')",
		"invoke":                 "$x = 'a'\n$null = $x.Invoke()",
		"member by value":        "$x = 'a'\n$y = 'b'\n$null = $x.$y",
		"unassigned variable":    "$x = $y",
		"assigned later":         "$x = $y\n$y = 1",
		"assigned by itself":     "$x = $x + 1",
		"added to nothing":       "$x += 1",
		"in a string":            "$x = \"a $y\"",
		"of another function":    "function Get-A { $x = 1 }\n$y = $x",
		"outside a function":     "$x = 1\nfunction Get-A { return $x }",
		"environment":            "$x = $env:COMPUTERNAME",
		"localised text":         "$r = 1\nif ($r.DisplayName -eq 'Remote Desktop') { $r = 2 }",
		"localised message":      "$r = 1\nif ($r.Message -match 'denied') { $r = 2 }",
		"account by name":        "$x = 'NT AUTHORITY\\SYSTEM'",
	} {
		s := parse(t, text)
		s.check()
		if len(s.faults) == 0 {
			t.Errorf("%s: not found in %q", name, text)
		}
	}
	s := parse(t, "$x = 1\nforeach ($r in @(Get-NetFirewallRule -PolicyStore ActiveStore)) {\n    $x += $r.Count\n}\n$x")
	s.check()
	for _, f := range s.faults {
		t.Errorf("found where nothing is: %s", f)
	}
}
