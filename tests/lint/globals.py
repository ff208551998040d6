# SPDX-License-Identifier: Apache-2.0
"""No library holds a variable that lives longer than a call: nothing writable in .data, .bss or thread-local storage."""
import pathlib
import re
import subprocess
import sys
import tempfile

SECTION = re.compile(r"\s(\.data|\.bss|\.tdata|\.tbss|\*COM\*)(?!\.rel\.ro)(?:\.\S*)?\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$")


def writable(path):
    """Variables of an object or archive; what compilers add for themselves starts with two underscores."""
    table = subprocess.run(["objdump", "-t", path], capture_output=True, text=True, check=True).stdout
    found = [match[2] for match in map(SECTION.search, table.splitlines()) if match]
    return [name for name in found if not name.startswith(("__", "."))], table.count("file format")


def sample(source):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.c")
        path.write_text(source, encoding="ascii")
        subprocess.run(["gcc", "-fPIE", "-c", path, "-o", f"{folder}/x.o"], check=True)
        return writable(f"{folder}/x.o")[0]


assert sample("static int n; int f(void) { return n++; }") == ["n"]
assert sample("int f(void) { static int m = 3; return m++; }")[0].startswith("m")
assert sample("__thread int t;") == ["t"] and sample("int common[9];") == ["common"]
assert sample('static const char *const words[] = { "a", "b" }; const char *f(int i) { return words[i]; }') == []

bad, objects = [], 0
for archive in sys.argv[1:]:
    names, count = writable(archive)
    objects += count
    bad += [f"{archive}: {name} is writable" for name in names]
if objects < len(sys.argv):
    bad.append(f"{objects} objects in {len(sys.argv) - 1} libraries")
print("\n".join(bad) or f"{objects} objects hold nothing")
sys.exit(bool(bad))
