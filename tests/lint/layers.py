# SPDX-License-Identifier: Apache-2.0
"""Fail when a file includes a layer above or beside its own, a dependency through the wrong door, calls what is banned, prints or exits below cmd, or grows too long."""
import pathlib
import re
import sys

LAYER = {
    "base": 0, "cbor": 1, "crypto": 1, "transport": 1, "model": 1, "cose": 2, "object": 3,
    "trust": 4, "evidence": 4, "wire": 4, "agent": 5, "driver": 5, "source": 5, "issue": 5, "ledger": 6, "sim": 6, "cmd": 8,
}
DOOR = {"cbor.h": "cbor", "openssl/": "crypto", "libusb.h": "transport", "argp.h": "cmd", "p11-kit/": "crypto", "yaml.h": "source", "sqlite3.h": "ledger", "libpq-fe.h": "ledger"}
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|system|popen|tmpnam|mktemp|alloca|gets|goto)\b\s*[(\w]")
# Only commands print and end the process; the one output that lib knows is what base/out.c hands on.
LOUD = re.compile(r"\b(v?printf|v?dprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort|stderr|stdout)\b")
NOTE, NOTE_IN = re.compile(r'"note: '), "cmd/imprint/note.c"  # what is noted is escaped there
LOUD_IN = {"lib/base/out.c": {"stdout"}, "lib/base/attr.h": {"printf"}, "lib/transport/usb_lib.h": {"exit"}, "lib/transport/usb_open.c": {"exit"}}  # libusb_exit
LONGEST, AIM = 460, 300

bad, long = [], 0
for path in sorted([*pathlib.Path("lib").rglob("*.[ch]"), *pathlib.Path("cmd").rglob("*.[ch]")]):
    own = path.parts[1] if path.parts[0] == "lib" else "cmd"
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        bad.append(f"{path}:1: no SPDX line")
    long += len(lines) > AIM
    if len(lines) > LONGEST:
        bad.append(f"{path}: {len(lines)} lines, at most {LONGEST}")
    for number, line in enumerate(lines, 1):
        if match := re.match(r'#include ([<"])([^>"]+)', line):
            kind, name = match.groups()
            head = name.split("/")[0]
            if kind == '"' and head in LAYER and head != own and LAYER[head] >= LAYER[own]:
                bad.append(f"{path}:{number}: {own} must not include {name}")
            for prefix, owner in DOOR.items():
                if kind == "<" and name.startswith(prefix) and own != owner:
                    bad.append(f"{path}:{number}: only {owner} may include <{name}>")
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("/*")[0].split("//")[0])
        code = "" if line.lstrip().startswith("*") else code
        if NOTE.search(line) and path.suffix == ".c" and str(path) != NOTE_IN:
            bad.append(f"{path}:{number}: notes are said by say_note()")
        if match := BANNED.search(code):
            bad.append(f"{path}:{number}: {match[1]} is banned")
        for word in LOUD.findall(code) if own != "cmd" else ():
            if word not in LOUD_IN.get(str(path), ()):
                bad.append(f"{path}:{number}: {word} in lib: it never prints or exits")
print("\n".join(bad) or f"layers hold; {long} files are above the {AIM} lines to aim at")
sys.exit(bool(bad))
