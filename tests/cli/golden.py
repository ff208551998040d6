# SPDX-License-Identifier: Apache-2.0
"""Wrong profiles and CSVs with all that imprint says of them.

A folder of golden/ is a case: profile.yaml and devices.csv (where one is not there, that of `sound`), and `said`: the command,
what it writes, its exit status. `meson devenv -C build python3 ../tests/cli/golden.py` shows what differs; with --write it is
taken over, to be read in `git diff`.
"""
import difflib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent / "golden"
SOUND = FOLDER / "sound"
COMMAND = "$ imprint check profile.yaml --csv devices.csv"


def cases():
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def wanted(case):
    said = FOLDER / case / "said"
    return said.read_bytes().decode() if said.exists() else COMMAND + "\n"


def said(imprint, case):
    """Run the command of a case beside its files."""
    command = wanted(case).splitlines()[0]
    with tempfile.TemporaryDirectory(prefix="imprint-golden-") as folder:
        for path in (*SOUND.iterdir(), *(FOLDER / case).iterdir()):
            if path.name != "said":
                shutil.copy(path, folder)
        run = subprocess.run([imprint, *shlex.split(command)[2:]], cwd=folder, capture_output=True, timeout=60)
    return f"{command}\n{(run.stdout + run.stderr).decode()}exit {run.returncode}\n"


def difference(case, want, got):
    lines = [text.splitlines(keepends=True) for text in (want, got)]
    return "".join(difflib.unified_diff(*lines, f"{case}/said", "now"))


def main(write):
    for case in cases():
        want, got = wanted(case), said(os.environ["IMPRINT"], case)
        sys.stdout.write(difference(case, want, got))
        if write and want != got:
            (FOLDER / case / "said").write_bytes(got.encode())


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
