# SPDX-License-Identifier: Apache-2.0
"""Print 'N passed, N failed' over meson's testlog.json files; a skip, a timeout, a leak, a crash or an empty suite is a failure."""
import json
import re
import sys


def verdicts(test):
    out, err = test.get("stdout", ""), test.get("stderr", "")
    plan = re.search(r"^1\.\.(\d+)", out, re.M)
    good = len(re.findall(r"^ok\b(?!.*# SKIP)", out, re.M))
    bad = len(re.findall(r"^not ok\b|^ok\b.*# SKIP", out, re.M))
    ran = re.search(r"^Ran (\d+) tests?", err, re.M)
    if ran:
        lost = sum(map(int, re.findall(r"(?:failures|errors|skipped)=(\d+)", err)))
        good, bad = int(ran[1]) - lost, lost
    fine = test["result"] in ("OK", "EXPECTEDFAIL")
    if good + bad == 0 and (ran or plan):
        bad = 1  # a suite that ran nothing
    elif good + bad == 0 and fine:
        good = 1  # a plain program: one test
    elif not fine and bad == 0:
        bad = 1  # it crashed, leaked or hung after its last line
    return good, bad


passed = failed = 0
for path in sys.argv[1:]:
    for line in open(path, encoding="utf-8"):
        test = json.loads(line)
        good, bad = verdicts(test)
        if bad:
            print(f"FAILED {path.split('/')[-3]} {test['name']}: {test['result']}, {bad} failed")
            print(test.get("stdout", "")[-3000:], test.get("stderr", "")[-3000:])
        passed, failed = passed + good, failed + bad
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
