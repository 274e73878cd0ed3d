#!/usr/bin/python3
"""Manages a host of the lab as a Windows administrator's Python script would.

Ends with 1 at the first thing that does not come out as on Windows. It needs
Debian's python3-winrm, and for NTLM an OpenSSL with MD4 (OPENSSL_CONF, see run).
"""

import base64
import json
import os
import pathlib
import platform
import sys
import urllib.request
import uuid
from importlib.metadata import version

import xmltodict
from winrm import Session
from winrm.exceptions import InvalidCredentialsError

print("version pywinrm %s (requests_ntlm %s, Python %s)" % (version("pywinrm"), version("requests_ntlm"), platform.python_version()))

LAB = json.loads(pathlib.Path(os.environ["LAB"]).read_text())
HOST = next(h for h in LAB["hosts"] if h["role"] == "smp")
WINRM = pathlib.Path(__file__).parent.parent / "estate" / "winrm"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
RULE = "ITMS-CEM-4726"


def check(what, got, want):
    if got != want:
        sys.exit("%s: got %r, want %r" % (what, got, want))


def session(password):
    # Sealed or not at all: a host on http that would take plain text is none.
    return Session(HOST["winrm"], auth=("%s\\%s" % (HOST["domain"], HOST["user"]), password), transport="ntlm",
                   message_encryption="always", operation_timeout_sec=10, read_timeout_sec=15)


def send(protocol, shell, command, data):
    """Sends to stdin, which pywinrm 0.3 can receive from but not feed."""
    message = {"env:Envelope": protocol._get_soap_header(resource_uri=SHELL + "/cmd", action=SHELL + "/Send", shell_id=shell, message_id=uuid.uuid4())}
    stream = {"@Name": "stdin", "@CommandId": command, "#text": base64.b64encode(data).decode()}
    message["env:Envelope"]["env:Body"] = {"rsp:Send": {"rsp:Stream": stream}}
    protocol.send_message(xmltodict.unparse(message))


def script(protocol, name, args):
    """Runs a script of the product the way the product does, and gives what it says."""
    bootstrap = (WINRM / "bootstrap.ps1").read_text()
    payload = {"nonce": uuid.uuid4().hex, "script": (WINRM / "scripts" / (name + ".ps1")).read_text(), "args": args}
    shell = protocol.open_shell()
    try:
        command = protocol.run_command(shell, "powershell.exe", (
            "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass",
            "-EncodedCommand", base64.b64encode(bootstrap.encode("utf-16-le")).decode()), console_mode_stdin=False)
        text = base64.b64encode(json.dumps(payload).encode()).decode()
        lines = [text[i:i + 1000] for i in range(0, len(text), 1000)] + ["."]
        send(protocol, shell, command, "".join(line + "\r\n" for line in lines).encode())
        out, err, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
    finally:
        protocol.close_shell(shell)
    check(name + ", exit code (%s)" % err.decode(), code, 0)
    trailer = next(line for line in out.decode().splitlines() if line.startswith(payload["nonce"] + ":"))
    answer = json.loads(base64.b64decode(trailer.partition(":")[2]))
    check(name, answer["ok"], True)
    return answer["data"]


def powershell(text):
    """run_ps, but for its reading of stderr, which in pywinrm 0.3 ends in a TypeError."""
    return smp.run_cmd("powershell", ["-encodedcommand", base64.b64encode(text.encode("utf-16-le")).decode()])


def rule_is_enabled():
    """Asks the world itself, past everything that this script has done."""
    with urllib.request.urlopen(LAB["page"] + "lab/world", timeout=10) as response:
        world = json.load(response)
    host = next(h for h in world["hosts"] if h["name"] == HOST["name"])
    return next(r["enabled"] for r in host["rules"] if r["name"] == RULE)


smp = session(HOST["password"])

print("a command answers, sealed")
r = smp.run_cmd("hostname")
check("hostname", (r.std_out, r.std_err, r.status_code), (b"SMP1\r\n", b"", 0))
check("arguments", smp.run_cmd("echo", ["two", "words"]).std_out, b"two words\r\n")
r = smp.run_cmd("whoami")
check("whoami", r.std_out, ("%s\\%s\r\n" % (HOST["domain"], HOST["user"])).lower().encode())

print("an unknown command is the error of cmd.exe")
r = smp.run_cmd("nosuch")
check("nosuch", (r.std_out, r.status_code, b"is not recognized" in r.std_err), (b"", 1, True))

print("a script of the product answers, its text and arguments on stdin")
disks = script(smp.protocol, "disk-read", {})
check("its host", disks["name"], "SMP1")
check("the system drive", [d["name"] for d in disks["disks"] if d["system"]], ["C:"])

print("the lines of a way-back sheet work, on the machine that they are for")
guard = "if ((Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Cryptography').MachineGuid -ne '%s') { throw 'another machine' }\r\n"
turn = "%s-NetFirewallRule -PolicyStore PersistentStore -Name '" + RULE + "'\r\n"
check("the rule at first", rule_is_enabled(), True)
r = powershell(guard % uuid.uuid4() + turn % "Disable")
check("on another machine", (r.status_code, b"another machine" in r.std_err, rule_is_enabled()), (1, True, True))
r = smp.run_ps(guard % disks["machine"] + turn % "Disable")
check("off", (r.status_code, r.std_err, rule_is_enabled()), (0, b"", False))
r = smp.run_ps(guard % disks["machine"] + turn % "Enable")
check("on", (r.status_code, r.std_err, rule_is_enabled()), (0, b"", True))

print("PowerShell that the lab has no twin for is refused, never pretended")
r = powershell("Get-Date")
check("Get-Date", (r.status_code, r.std_out, b"no PowerShell" in r.std_err), (1, b"", True))

print("a wrong password is refused")
try:
    session("x").run_cmd("hostname")
    sys.exit("a wrong password got in")
except InvalidCredentialsError:
    pass
