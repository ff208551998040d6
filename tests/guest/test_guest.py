# SPDX-License-Identifier: Apache-2.0
"""Run cases.py in the guest, with a simulated device outside behind an FTDI converter: test_guest.py FOLDER [CASE...]"""
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
folder, cases = pathlib.Path(sys.argv[1]), sys.argv[2:]
state = tempfile.mkdtemp(prefix="outside-", dir=folder)
# An IMEI that no device within has: two devices with one identity would be clones.
pathlib.Path(state, "outside.csv").write_text("imei\n001010010001004\n", encoding="ascii")
guest = [sys.executable, HERE / "run.py", "--folder", folder, "--serial", f"{state}/1", "/usr/bin/python3", HERE / "cases.py", *cases]
os.execv(os.environ["IMPRINT"], [os.environ["IMPRINT"], "simulate", "--state", state, "--csv", f"{state}/outside.csv", "--", *map(str, guest)])
