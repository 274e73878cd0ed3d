// Package tds is the SQL Server of the practice estate: TDS 7.4 over a loopback
// listener, with the instance's Symantec_CMDB and what of msdb and the system views
// the product reads.
//
// It promises to refuse what a SQL Server refuses that is set to Force Encryption. A
// client that cannot encrypt gets no further than PRELOGIN; a wrong password is error
// 18456 and the end of the connection; a Windows account is let in by a complete
// NTLMv2 proof and never because its user name is empty; a database that is not there
// is error 4060. A cancelled statement is answered while it runs.
//
// It is no database. Each statement that it answers is on a closed list, by the
// SHA-256 of its text: those of the product in statements.txt, each with a twin in Go
// that plays it against the world, and the few with which drivers introduce
// themselves. Everything else is error 102 or 208, as SQL Server words it, so that a
// statement nobody has compared with its twin fails loudly.
//
// It knows nothing of the bot. Times here are the protocol's and therefore real;
// what a statement tells is the world's.
//
// Source: [MS-TDS]. The handshake of a Windows account is package ntlm's.
package tds
