# SPDX-License-Identifier: Apache-2.0
"""Replace @OPTIONS@ in an scdoc page with the list that the binary prints, then run scdoc."""
import subprocess
import sys

imprint, scdoc, command, page = sys.argv[1:]
options = subprocess.run([imprint, "options", command], check=True, capture_output=True, text=True).stdout
text = open(page, encoding="utf-8").read().replace("@OPTIONS@", options.rstrip())
sys.stdout.write(subprocess.run([scdoc], check=True, input=text, capture_output=True, text=True).stdout)
