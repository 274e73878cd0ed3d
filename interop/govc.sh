#!/usr/bin/env bash
# Drives the lab's vCenter with VMware's own command line, which GOVC names. Ends with
# 1 at the first thing that does not come out as on a real one.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
cd "$(dirname "$0")"
echo "version $("$GOVC" version)"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
./fact vcenter.ca >"$tmp/ca.pem"
export GOVC_URL GOVC_USERNAME GOVC_PASSWORD GOVC_TLS_CA_CERTS=$tmp/ca.pem GOVC_PERSIST_SESSION=false GOVMOMI_HOME=$tmp
GOVC_URL=$(./fact vcenter.url) GOVC_USERNAME=$(./fact vcenter.user) GOVC_PASSWORD=$(./fact vcenter.password)
unset GOVC_INSECURE

is() { # WHAT GOT WANT
  [ "$2" = "$3" ] || { printf '%s: got "%s", want "%s"\n' "$1" "$2" "$3"; exit 1; }
}
says() { # PATTERN COMMAND…: a line of its output is like that
  local pattern=$1
  shift
  "$@" >"$tmp/out" 2>&1 && grep -Eq -- "$pattern" "$tmp/out" || { echo "no '$pattern' in: $*"; cat "$tmp/out"; exit 1; }
}
refused() { # WANT COMMAND…: it ends with an error that says WANT
  local want=$1
  shift
  if "$@" >"$tmp/out" 2>&1 || ! grep -qF -- "$want" "$tmp/out"; then
    echo "not refused with '$want': $*"
    cat "$tmp/out"
    exit 1
  fi
}

echo "it is a vCenter"
says '^API type: *VirtualCenter$' "$GOVC" about
echo "the machines are found, one of them a copy named like another"
smp=$("$GOVC" find / -type m -name SMP1)
is "the SMP" "${smp##*/}" SMP1
is "the copy" "$("$GOVC" find / -type m -name 'SMP1-*' | sed 's|.*/||')" SMP1-mirror
says '^ *Power state: *poweredOn$' "$GOVC" vm.info "$smp"

echo "snapshots are created, shown as a tree and removed"
"$GOVC" snapshot.create -vm "$smp" -m=false -q=true -d 'before the upgrade' first
"$GOVC" snapshot.create -vm "$smp" -m=false -q=true second
is "the tree, . being where the machine is" "$("$GOVC" snapshot.tree -vm "$smp")" $'first\n  second\n  .'
says '^first - before the upgrade$' "$GOVC" snapshot.tree -vm "$smp" -d
refused "no snapshots for this VM" "$GOVC" snapshot.remove -vm "$("$GOVC" find / -type m -name SQL1)" first
"$GOVC" snapshot.remove -vm "$smp" first
is "without the first" "$("$GOVC" snapshot.tree -vm "$smp" -C)" second
"$GOVC" snapshot.remove -vm "$smp" '*'
is "without any" "$("$GOVC" snapshot.tree -vm "$smp")" ""

echo "a wrong password and an unknown certificate are refused, a known thumbprint is enough"
GOVC_PASSWORD=x refused "ServerFaultCode: " "$GOVC" about
GOVC_TLS_CA_CERTS='' refused "x509: certificate signed by unknown authority" "$GOVC" about
address=${GOVC_URL#https://} thumbprint=$(./fact vcenter.thumbprint)
echo "${address%/sdk} $(sed 's/../&:/g; s/:$//' <<<"${thumbprint^^}")" >"$tmp/hosts"
GOVC_TLS_CA_CERTS='' GOVC_TLS_KNOWN_HOSTS=$tmp/hosts "$GOVC" about >/dev/null
