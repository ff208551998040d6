# SPDX-License-Identifier: Apache-2.0
"""clang-format would change nothing."""
import pathlib
import subprocess
import sys

files = sorted(str(p) for top in ("lib", "cmd", "tests") for p in pathlib.Path(top).rglob("*.[ch]"))
run = subprocess.run(["clang-format", "--dry-run", *files], capture_output=True, text=True)
wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "clang-format-violations" in line})
print("\n".join(wrong) or "formatted")
sys.exit(bool(wrong))
