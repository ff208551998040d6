# SPDX-License-Identifier: Apache-2.0
"""tests/count.py counts what ran: a suite that ran nothing, skipped, crashed or leaked is a failure."""
import json
import pathlib
import subprocess
import sys
import tempfile

CASES = [
    ("ok 1\nok 2\n1..2\n", "", "OK", 2, 0),
    ("ok 1\nnot ok 2\n1..2\n", "", "FAIL", 1, 1),
    ("ok 1\nok 2 # SKIP why\n1..2\n", "", "OK", 1, 1),
    ("1..0\n", "", "OK", 0, 1),
    ("1..0 # SKIP none\n", "", "SKIP", 0, 1),
    ("", "Ran 3 tests in 0.1s\n\nOK\n", "OK", 3, 0),
    ("", "Ran 3 tests in 0.1s\n\nOK (skipped=1)\n", "OK", 2, 1),
    ("", "Ran 3 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n", "FAIL", 1, 2),
    ("", "Ran 0 tests in 0.0s\n\nOK\n", "OK", 0, 1),
    ("layers hold\n", "", "OK", 1, 0),
    ("", "leaked\n", "EXPECTEDFAIL", 1, 0),
    ("", "leaked\n", "UNEXPECTEDPASS", 0, 1),
    ("ok 1\n1..1\n", "LeakSanitizer\n", "FAIL", 1, 1),
    ("", "", "TIMEOUT", 0, 1),
]

bad = []
with tempfile.TemporaryDirectory() as folder:
    log = pathlib.Path(folder, "build/meson-logs/testlog.json")
    log.parent.mkdir(parents=True)
    for out, err, result, good, lost in CASES:
        log.write_text(json.dumps({"name": "t", "stdout": out, "stderr": err, "result": result}) + "\n", encoding="utf-8")
        run = subprocess.run([sys.executable, "tests/count.py", log], capture_output=True, text=True)
        said = run.stdout.splitlines()[-1] if run.stdout else run.stderr
        if said != f"{good} passed, {lost} failed" or run.returncode != (lost > 0):
            bad.append(f"{(out, err, result)}: says {said!r} with status {run.returncode}")
print("\n".join(bad) or "counts hold")
sys.exit(bool(bad))
