# SPDX-License-Identifier: Apache-2.0
"""imprint doctor: what each trouble looks like, on an emulated USB; rules, clock and disk are this machine's."""
import os
import pathlib
import shutil
import subprocess
import time
import unittest

from lines import Lines

CHECKS = ["rules", "access", "modemmanager", "sleep", "power", "clock", "disk"]
OURS = "70-imprint.rules"


def noted(line):
    """What udev keeps of the emulated port, whose node is a file (0:0), in a view of this machine where it is so."""
    return ("unshare", "-rm", "sh", "-c", f"mount -t tmpfs none /run && mkdir -p /run/udev/data && echo {line} >/run/udev/data/c0:0 && exec \"$@\"", "sh")


class Doctor(Lines):
    def told(self, devices, check, **more):
        """What is said of one check: (result, message, command) each."""
        run = self.usb(devices, "doctor", "--json", status=None, **more)
        self.assertIn(run.returncode, (0, 11), run.err)
        told = self.lines(run.out)
        self.assertEqual(list(told[0]), ["check", "result", "message", "command"])
        self.assertEqual(list(dict.fromkeys(t["check"] for t in told)), CHECKS)
        ill = [t for t in told if t["result"] == "fix"]
        self.assertEqual(run.returncode, 11 if ill else 0)
        if ill:
            self.assertIn(f"doctor: {len(ill)} trouble", run.err)
        return [(t["result"], t["message"], t["command"]) for t in told if t["check"] == check]

    def plugged(self, **like):
        return [f"to={self.at[0]}" + "".join(f",{key}={value}" for key, value in like.items())]

    def setUp(self):
        super().setUp()
        self.start()

    def test_all_is_well_with_a_device(self):
        for check, words in (("access", "every device that is attached can be opened"), ("sleep", "no device is put to sleep"),
                             ("power", "no hub is asked for more than it has"), ("disk", "there is room in this folder")):
            self.assertEqual(self.told(self.plugged(power=100), check), [("ok", words, None)])
        ((result, message, command),) = self.told([], "access")
        self.assertEqual((result, message[:21], command), ("ok", "no device is attached", None))

    def test_a_folder_that_cannot_be_written(self):
        program, who = self.nobody()
        if not who:
            self.skipTest("this user writes everywhere here")
        self.dir.chmod(0o755)
        run = subprocess.run([program, "doctor", "--json"], cwd=self.dir, capture_output=True, text=True, **who)
        (disk,) = [t for t in self.lines(run.stdout) if t["check"] == "disk"]
        self.assertEqual((run.returncode, disk["result"], disk["message"], disk["command"]),
                         (11, "fix", "no file can be written in this folder: it is drwxr-xr-x root root", "cd # to a folder of your own"))

    def test_rules(self):
        (result, message, command), = self.told([], "rules")
        there = any(pathlib.Path(d, "udev/rules.d", OURS).exists() for d in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"))
        self.assertEqual(result, "ok" if there else "fix", message)
        if not there:
            path = pathlib.Path(command.split()[4])
            self.assertEqual((path.name, path.exists()), (OURS, True), command)

    def test_access(self):
        prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") if os.geteuid() == 0 else ()
        os.chmod(self.dir, 0o777)
        self.assertEqual(self.told(self.plugged(mode=0o600 + 1 if prefix else 1), "access", prefix=prefix),
                         [("fix", "usb:1-2: no permission", "sudo chgrp dialout /dev/bus/usb/001/002 && sudo chmod g+rw /dev/bus/usb/001/002")])
        (_, message, command), = self.told([f"to={self.at[0]},hid"], "access")
        self.assertIn("usb:1-2: refused, it also has a HID interface", message)
        self.assertIsNone(command)

    def test_sleep(self):
        self.assertEqual(self.told([f"to={self.at[0]},sleeps"], "sleep"),
                         [("fix", "usb:1-2: the kernel may put it to sleep when it is idle", "echo on | sudo tee /sys/bus/usb/devices/1-2/power/control")])

    def test_power(self):
        """Two devices and the hub itself: 100 + 200 + 200 mA are what it has, and one mA more is too much."""
        for milliamps, result in ((200, "ok"), (201, "fix")):
            first, second = f"to={self.at[0]},port=1-1.1,weak_hub,power=200", f"to={self.at[0]},port=1-1.2,power={milliamps}"
            told = self.told([first, second], "power")
            self.assertEqual([t[0] for t in told], [result] * (2 if result == "fix" else 1), told)
            if result == "fix":
                self.assertIn("usb:1-1.1: its hub on port 1-1 has no supply of its own, and 501 mA are asked of its 500", told[0][1])

    def test_modemmanager(self):
        serial = f"to={self.at[0]},vendor=0x1915,serial_port"
        if "process" not in self.told([serial], "modemmanager")[0][1]:
            self.assertEqual(self.told([serial], "modemmanager"), [("ok", "ModemManager does not run", None)])
        fake = shutil.copy("/bin/sleep", self.dir / "ModemManager")
        with subprocess.Popen([fake, "60"]) as manager:
            time.sleep(0.3)
            (result, message, command), = self.told([serial], "modemmanager")
            self.assertEqual((result, command), ("fix", "sudo systemctl mask --now ModemManager"))
            self.assertRegex(message, r"^serial:/dev/ttyACM2: process [0-9]+ \(ModemManager\) may talk to it$")
            alone = [("ok", "ModemManager runs, and leaves what is attached alone", None)]
            for devices in ([f"to={self.at[0]}"], []):
                self.assertEqual(self.told(devices, "modemmanager"), alone)
            if subprocess.run([*noted("x"), "true"], capture_output=True).returncode == 0:
                self.assertEqual(self.told([serial], "modemmanager", prefix=noted("E:ID_MM_DEVICE_IGNORE=1")), alone)
                self.assertEqual(self.told([serial], "modemmanager", prefix=noted("E:ID_MM_DEVICE_IGNORE=0"))[0][0], "fix")
            manager.kill()

    def test_text(self):
        run = self.usb([f"to={self.at[0]},sleeps"], "doctor", status=11)
        self.assertIn("FIX   sleep         usb:1-2: the kernel may put it to sleep when it is idle\n"
                      "      $ echo on | sudo tee /sys/bus/usb/devices/1-2/power/control\n", run.out)


unittest.main()
