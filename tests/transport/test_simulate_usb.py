# SPDX-License-Identifier: Apache-2.0
"""simulate --usb on hosts where it cannot be, in a /sys that umockdev makes up."""
import os
import pathlib
import subprocess
import time
import unittest

from lines import IMPRINT, Case

ROOT = "sys/devices/platform/vhci_hcd.0"
HEAD = "hub port sta spd dev      sockfd local_busid\n"
FREE = "hs  0000 004 000 00000000 000000 0-0\n"


class SimulateUsb(Case):
    def setUp(self):
        super().setUp()
        self.sys = self.dir / "host"
        (self.sys / "sys").mkdir(parents=True)

    def controller(self, status=HEAD + FREE, mode=0o600):
        folder = self.sys / ROOT
        folder.mkdir(parents=True)
        for name, text in (("status", status), ("attach", ""), ("nports", "30\n")):
            (folder / name).write_text(text)
        (folder / "attach").chmod(mode)

    def simulate(self, *args, prefix=(), status=10):
        os.chmod(self.dir, 0o777)
        for folder in (self.sys, *self.sys.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o755)
        # Tools outside of the wrapper: setpriv needs the real /sys as little as it needs the wrapper.
        run = subprocess.run([*prefix, "umockdev-wrapper", IMPRINT, "simulate", "--usb", *args, "--", "touch", "ran"], cwd=self.dir,
                             capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "UMOCKDEV_DIR": str(self.sys)})
        self.assertNotIn("Sanitizer", run.stderr)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertFalse(pathlib.Path(self.dir / "ran").exists())
        return run.stderr

    def told(self):
        """What the controller is told first, by a simulation that would wait for the kernel to take the device up."""
        attach = self.sys / ROOT / "attach"
        attach.write_text("")
        run = subprocess.Popen(["umockdev-wrapper", IMPRINT, "simulate", "--usb"], cwd=self.dir, stderr=subprocess.DEVNULL,
                               env={**os.environ, "UMOCKDEV_DIR": str(self.sys)})
        try:
            end = time.monotonic() + 60
            while not attach.read_text() and run.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            return attach.read_text()
        finally:
            run.terminate()
            run.wait(timeout=60)

    def test_without_the_module(self):
        said = self.simulate()
        self.assertIn("imprint: /sys/devices/platform/vhci_hcd.0: the kernel's virtual USB controller is not there\n"
                      "hint: modprobe vhci-hcd, as root; kernels for clouds come without it", said)
        self.assertFalse((self.dir / "sim/1").is_symlink())

    def test_without_permission(self):
        prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") if os.geteuid() == 0 else ()
        self.controller(mode=0o600 if prefix else 0)
        said = self.simulate(prefix=prefix)
        self.assertIn("vhci_hcd.0/attach: Permission denied\nhint: only root can plug in virtual USB devices", said)

    def test_without_a_free_port(self):
        self.controller(HEAD + FREE.replace("004", "006"))
        self.assertIn("no port of the virtual USB controller is free", self.simulate())

    def test_what_the_kernel_is_told(self):
        """Port, descriptor, device, high speed; then a bus is looked for, which is not there."""
        self.controller(HEAD + FREE.replace("004", "006") + FREE.replace("0000 004", "0001 004"))
        self.assertIn("no bus for port 1 of the virtual USB controller", self.simulate())
        self.assertRegex((self.sys / ROOT / "attach").read_text(), r"^1 [0-9]+ 65538 3$")

    def test_a_port_that_the_kernel_is_not_done_with_is_passed_over(self):
        """The controller has let go of the device there, its hub has not seen that yet: what is plugged in now may never be taken up. Port 30 has no hub."""
        self.controller(HEAD + FREE + FREE.replace("0000 004", "0030 004"))
        hub = self.sys / ROOT / "usb1"
        hub.mkdir()
        (hub / "speed").write_text("480\n")
        gone = self.sys / "sys/bus/usb/devices/1-1"
        gone.mkdir(parents=True)
        self.assertIn("no bus for port 30 of the virtual USB controller", self.simulate())
        gone.rename(gone.with_name("1-2"))
        self.assertRegex(self.told(), r"^0 [0-9]+ 65537 3$")

    def test_usb_or_tcp(self):
        self.assertIn("one of them", self.simulate("--tcp", "127.0.0.1:0", status=2))


unittest.main()
