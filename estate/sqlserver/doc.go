// Package sqlserver looks at the SQL Server that holds the CMDB: the event queue,
// the backup history in msdb, the other databases of the instance, the site servers
// and the computers that the CMDB knows, and which of these came in lately.
//
// What it promises:
//
//   - It changes nothing. Every statement is one of the .sql files in queries, sent
//     as it stands; no value ever becomes part of a statement. A name or an address is
//     sent beside it, as a parameter.
//   - Nothing is sent to a server that has not proved itself. Every connection is
//     encrypted from before the log-on, and the certificate is verified against
//     given roots or a given thumbprint. The server cannot send the bot on to
//     another one.
//   - A refused log-on is tried once. The account is then parked wherever its
//     trust.Login is used, until somebody has looked, because an account that is
//     locked out may be one that ITMS needs.
//   - An object that is missing, or that the account may not read, is
//     estate.Unavailable with its name. Each file says which objects it needs; they
//     are looked for when a connection is new, and again as long as one is missing.
//   - Each look ends with the caller's context or with a limit of Options, also where
//     the server does not answer any more.
//
// The account needs SELECT on the objects that the files name, in the CMDB and in
// msdb, and VIEW SERVER STATE. Where it may not see the CMDB's row in
// sys.database_recovery_status, the identity of the database stays unknown.
//
// It knows nothing of what a depth or an age means, and nothing of Active Directory:
// a Windows account logs on by NTLM, inside the encrypted connection, without channel
// bindings (an instance that requires Extended Protection refuses it). It asks no SQL
// Server Browser: a named instance needs its port in the address.
//
// Sources: [MS-TDS] 2.2.6.5 for encryption; reference/itms.md 0.1, 1, 4, 7 and 12 for
// the objects.
package sqlserver
