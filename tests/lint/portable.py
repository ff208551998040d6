# SPDX-License-Identifier: Apache-2.0
"""Compile the portable set without an operating system; what it leaves undefined must be the crypto face or mem*, strlen."""
import pathlib
import re
import subprocess
import sys
import tempfile

SETS = ["base", "cbor", "crypto", "cose", "object", "trust", "evidence", "wire", "agent"]
FLAGS = ["-std=gnu17", "-ffreestanding", "-Os", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-Ilib",
         "-fno-stack-protector", "-U_FORTIFY_SOURCE"]
ALLOWED = {"memcpy", "memset", "memmove", "memcmp", "strlen"}


def sources():
    for layer in SETS:
        build = pathlib.Path(f"lib/{layer}/meson.build").read_text(encoding="utf-8")
        files = re.search(layer + r"_portable = files\((.*?)\)", build, re.S)
        yield from (f"lib/{layer}/{name}" for name in re.findall(r"'([^']+)'", files[1]))


def face():
    text = pathlib.Path("lib/crypto/face.h").read_text(encoding="utf-8")
    return set(re.findall(r"\b(imp_\w+)\(", text))


defined, undefined, bad = set(), {}, []
with tempfile.TemporaryDirectory() as folder:
    for number, source in enumerate(sources()):
        out = f"{folder}/{number}.o"
        run = subprocess.run(["gcc", *FLAGS, "-c", source, "-o", out], capture_output=True, text=True)
        if run.returncode:
            bad.append(run.stderr)
            continue
        for line in subprocess.run(["nm", out], capture_output=True, text=True, check=True).stdout.splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                undefined.setdefault(name, source)
            elif kind in "TDBRV":
                defined.add(name)
missing = {name: source for name, source in undefined.items() if name not in defined | ALLOWED | face()}
bad += [f"{source}: needs {name}" for name, source in sorted(missing.items())]
print("\n".join(bad) or "the portable set stands alone")
sys.exit(bool(bad))
