#!/usr/bin/env bash
# Asks the lab's SQL Server with tsql of FreeTDS. Ends with 1 at the first thing that
# does not come out as on a real one.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
cd "$(dirname "$0")"
echo "version FreeTDS tsql $(tsql -C | sed -n 's/.*Version: freetds v//p')"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
address=$(./fact cmdb.address)
./fact cmdb.ca >"$tmp/ca.pem"
server() { # NAME ENCRYPTION CA: a section of freetds.conf
  printf '[%s]\nhost = localhost\nport = %s\ntds version = 7.4\nencryption = %s\nca file = %s\n' "$1" "${address##*:}" "$2" "$3"
}
{
  server lab require "$tmp/ca.pem"
  server plain off "$tmp/ca.pem"
  server stranger require system
} >"$tmp/freetds.conf"
export FREETDSCONF=$tmp/freetds.conf
user=$(./fact cmdb.user) password=$(./fact cmdb.password)

ask() { # SERVER PASSWORD WANT: a statement on stdin, and what must be in the answer
  { cat; printf '\ngo\nexit\n'; } >"$tmp/in"
  timeout --foreground 20 tsql -S "$1" -U "$user" -P "$2" -D Symantec_CMDB <"$tmp/in" >"$tmp/out" 2>&1 || true
  grep -qF -- "$3" "$tmp/out" || { echo "no '$3' in:"; cat "$tmp/out"; exit 1; }
}

echo "encrypted, with a certificate that is looked at: statements of the product answer rows"
ask lab "$password" SITE1 <../estate/sqlserver/queries/sites.sql
ask lab "$password" Symantec_CMDB_ <../estate/sqlserver/queries/backups.sql
echo "an unknown table and nonsense are the errors of SQL Server"
ask lab "$password" 'Msg 208 (severity 16' <<<'select * from nosuch'
ask lab "$password" 'Msg 102 (severity 15' <<<'selec 1'
echo "a wrong password, no encryption and an unknown certificate are refused"
ask lab x 'Msg 18456 (severity 14' <<<'select 1'
ask plain "$password" 'There was a problem connecting to the server' <<<'select 1'
ask stranger "$password" 'There was a problem connecting to the server' <<<'select 1'
