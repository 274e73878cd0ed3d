// Package trust holds what every way to a machine needs before it says anything:
// as whom the bot logs on, and by what it knows the other end.
//
// What it promises:
//
//   - A refused log-on is tried once. The Login is then parked wherever it is used,
//     until somebody says that it may be tried again, because a locked service
//     account stops ITMS itself.
//   - The log-ons of one Login go one at a time, so that a wrong password is sent
//     once even when fifty hosts and the SQL Server are asked at the same moment.
//   - A password is read for each log-on and not kept. It is in no error and in
//     nothing that is printed.
//   - A certificate is believed by given roots, by a given SHA-256 thumbprint, or by
//     both where both are given. A Peer that was given neither believes nobody; there
//     is no insecure mode.
//
// What counts as one account is what a directory would lock. Ways that share a *Login
// share its parking, of whatever kind they are: the account that a host has refused
// is not shown to the SQL Server or to vCenter either. Accounts folds the Logins that
// name one account of one domain into one *Login; two accounts of one name without a
// domain are two accounts, each of its own machine.
//
// It knows nothing of WinRM, TDS and SOAP: whether an answer is a refusal of the
// account is for the adapter to say, who knows its protocol's words.
package trust
