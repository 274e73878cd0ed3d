// Package winrm reaches Windows hosts: it runs one PowerShell script at a time on
// each of a host's two lanes, over WinRM, and reads one object back.
//
// What it promises:
//
//   - Nothing is sent to a peer that has not proved itself: on http every message
//     is sealed with NTLM keys of full strength, on https the certificate is
//     verified against given roots or a given thumbprint. There is no fallback
//     from one to the other and none to a weaker one.
//   - A refused log-on is tried once. The account is then parked wherever its
//     trust.Login is used, until somebody has looked, because a locked service
//     account stops ITMS itself.
//   - No value becomes script text. A constant bootstrap reads script and
//     arguments from stdin; the answer comes back behind a nonce.
//   - A change whose outcome could not be read is estate.Unknown, never "failed"
//     and never "done"; every other kind of trouble is told only where nothing was
//     started, or where the script itself has answered.
//   - A change is made on the machine that the plan names or not at all: each
//     changing script compares the MachineGuid before it touches anything, and the
//     answer is compared once more here.
//   - Each wait ends with the caller's context or with a limit of Options. A
//     cancelled run returns at once; its shell is deleted behind it.
//
// It knows nothing of plans, steps and approvals, and nothing of what the scripts
// do: the typed calls, one file per subject, only name a script and its
// arguments. It does not speak Kerberos and does not use client certificates.
//
// Sources: [MS-WSMV] for shells and sealing, [MS-NLMP] for NTLM, RFC 5929
// section 4 for channel bindings, DSP0226 for WS-Management.
package winrm
