# SPDX-License-Identifier: Apache-2.0
"""The whole command with devices on an emulated USB, the binary as it is."""
import os
import time
import unittest

from lines import IMPRINT, PLUG, Lines

WORKS = ("packet=64", "packet=512", "packet=1024", "driver=cdc_acm", "serial_port", "setting=1", "halts_in=1,halts_out=1", "errors_in=1")


class Usb(Lines):
    def test_the_main_job(self):
        """Enroll, claim, pack, push and verify, by each way to name a device; two round trips."""
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.start("--factory", "factory.pem")
        device = [f"to={self.at[0]},serial=A1,port=1-2.3"]
        self.usb(device, "enroll", "-d", "usb:", "-o", "x.cards", "--factory", "factory.pub")
        self.usb(device, "claim", "-k", "owner.pem", "-d", "usb:1-2.3", "--cards", "x.cards", "--evidence", "e")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages")
        run = self.usb(device, "push", "p.packages", "-d", "usb:serial=A1", "--cards", "x.cards", "--evidence", "e", "--json")
        answer = self.lines(run.out)[-1]
        self.assertEqual((answer["result"], answer["round_trips"], answer["retries"]), ("pass", 2, 0))
        run = self.usb(device, "verify", "-d", "usb:1209:0001", "--cards", "x.cards", "--evidence", "e")
        self.assertIn("attested", run.out)

    def test_whatever_the_device_is_like(self):
        self.start()
        for like in WORKS:
            with self.subTest(like):
                self.usb([f"to={self.at[0]},{like}"], "enroll", "-d", "usb:", "-o", "x.cards")

    def test_all_names_each_device_once(self):
        """One that shows as a serial port, too, is worked on over USB alone."""
        self.start(count=2)
        devices = [f"to={self.at[0]},serial_port,serial=A1", f"to={self.at[1]},port=1-3"]
        run = self.usb(devices, "enroll", "-d", "all", "-o", "x.cards", "--json")
        self.assertEqual([d["device"] for d in self.lines(run.out)], ["usb:1-2", "usb:1-3"])
        run = self.usb(devices, "enroll", "-d", "usb:1-2", "-d", "usb:serial=A1", "-o", "y.cards", "--json")
        self.assertEqual(len(self.lines(run.out)), 1)
        offered = self.usb(devices, "complete", "--", "enroll", "-d", "").out
        for word in ("usb:1-2\tA1", "usb:1-3\t", "serial:/dev/ttyACM2\tA1", "tcp:\t"):
            self.assertIn(word, offered)

    def test_usb_01_no_device(self):
        run = self.usb([], "enroll", "-d", "usb:", "-o", "x.cards", status=8)
        self.assertIn("usb: no device of ours among 0 on USB\nhint: this host has no USB bus", run.err)
        self.start()
        run = self.usb([f"to={self.at[0]},vendor=0x1915,product=0x520f,interface=Other"], "enroll", "-d", "usb:", "-o", "x.cards", status=8)
        self.assertIn("usb: no device of ours among 1 on USB\nhint: is it plugged in?", run.err)
        for name in ("usb:1-9", "usb:serial=Z", "usb:1209:0002"):
            run = self.usb(self.at, "enroll", "-d", name, "-o", "x.cards", status=8)
            self.assertIn(f"{name}: no such device, of 1 on USB\nhint: imprint devices lists what is attached", run.err)
        self.assertFalse((self.dir / "x.cards").exists())

    def test_usb_02_two_devices_and_no_selector(self):
        self.start(count=2)
        devices = [f"to={self.at[0]},serial=A1", f"to={self.at[1]},port=1-3,serial=B2"]
        run = self.usb(devices, "enroll", "-d", "usb:", "-o", "x.cards", status=2)
        self.assertIn("2 devices, expected one of usb:1-2 (1209:0001 A1), usb:1-3 (1209:0001 B2)\nhint: name one by its port", run.err)

    def test_usb_03_no_permission(self):
        self.start()
        prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") if os.geteuid() == 0 else ()
        os.chmod(self.dir, 0o777)
        run = self.usb([f"to={self.at[0]},mode={0o600 + 1 if prefix else 1}"], "enroll", "-d", "usb:", "-o", "x.cards", status=8, prefix=prefix)
        self.assertIn("usb:1-2: no permission for /dev/bus/usb/001/002\n", run.err)
        self.assertIn('hint: a udev rule gives it to whoever sits at this host: SUBSYSTEM=="usb", ATTR{idVendor}=="1209", '
                      'ATTR{idProduct}=="0001", TAG+="uaccess"', run.err)

    def test_usb_05_another_device_on_the_same_port(self):
        """What was meant for one is not given to the other that hangs there now, nor in the middle of a session."""
        self.start(count=2)
        self.provision()
        run = self.usb([self.at[1]], "push", "p.packages", "-d", "usb:1-2", "--cards", "x.cards", status=4)
        self.assertIn("nothing for it in p.packages", run.err)
        run = self.usb([f"to={self.at[0]},pull=400,back=50,then={self.at[1]}"], "push", "p.packages", "-d", "usb:1-2", "--cards", "x.cards",
                       status=8)
        self.assertIn("unplugged after ", run.err)
        self.assertEqual(self.held(1), [])

    def test_usb_06_back_under_another_number(self):
        """In a shell: the first command is cut off, the second finds the device again, and nothing is half done."""
        self.start()
        self.provision()
        script = (f"{IMPRINT} push p.packages -d usb:1-2 --cards x.cards; echo $?; sleep 0.3; "
                  f"{IMPRINT} push p.packages -d usb:1-2 --cards x.cards; echo $?")
        for at in (5, 60, 400, 700, 1100):
            with self.subTest(at):
                run = self.run_shell([f"to={self.at[0]},pull={at},back=50"], script)
                self.assertRegex(run.stdout, r"(?s)^[^\n]*\n?8\n.*\n0\n$")
                self.assertEqual(self.held(), [1])

    def run_shell(self, devices, script):
        import subprocess
        return subprocess.run([*PLUG, *devices, "--", "sh", "-c", script], cwd=self.dir, capture_output=True, text=True, timeout=60)

    def test_usb_07_another_answers_after_the_push(self):
        self.start(count=2)
        self.provision()
        self.start("--fault", "swap@2", count=2)
        run = self.usb([self.at[0]], "push", "p.packages", "-d", "usb:", "--cards", "x.cards", "--timeout", "5", status=None)
        self.assertIn(run.returncode, (4, 5), run.err)
        self.assertNotIn("PASS", run.out)

    def test_usb_08_halts_errors_babble_and_missing_ends(self):
        self.start()
        for like, words in (("halts_out=9", "halted its endpoint after 0 of 9 bytes"), ("halts_in=999", "the device halted its endpoint [0-9]+ times"),
                            ("errors_in=999", "one error on the bus after another"), ("babbles=999", "packets larger than it says")):
            with self.subTest(like):
                run = self.usb([f"to={self.at[0]},{like}"], "enroll", "-d", "usb:", "-o", "x.cards", "--timeout", "3", status=8)
                self.assertRegex(run.err, words)

    def test_usb_09_hostile_descriptors(self):
        self.start()
        for raw in ("12", "0001" + "00" * 16, "120100020000004009120100000100000001" + "0902ffff0101008032",
                    "120100020000004009120100000100000001" + "0902120001010080320004", "ff" * 300):
            with self.subTest(raw):
                run = self.usb([f"to={self.at[0]},raw={raw}"], "enroll", "-d", "usb:", "-o", "x.cards", status=8)
                self.assertIn("its descriptors contradict themselves", run.err)
        run = self.usb([f"to={self.at[0]},serial=\x1b]0;x\x07,name=" + "x" * 900], "complete", "--", "enroll", "-d", "usb:")
        self.assertNotIn("\x1b", run.out)

    def test_usb_yaml_says_which_are_ours(self):
        self.start()
        device = [f"to={self.at[0]},vendor=0x1915,product=0x520f,subclass=73,interface=Provisioning"]
        self.usb(device, "enroll", "-d", "usb:", "-o", "x.cards", status=8)
        data = self.dir / "data"
        data.mkdir()
        env = {"IMPRINT_DATADIR": str(data)}
        for rows, fits in (("{vendor: 0x1915, product: 0x520f}", True), ("{vendor: 0x1915, product: 0x520f, subclass: 73, protocol: 0}", True),
                           ("{interface: Provisioning}", True), ("{interface: provisioning}", False),
                           ("{vendor: 0x1915, product: 0x520f, subclass: 74}", False), ("{vendor: 0x1915, product: 0x520e}", False)):
            with self.subTest(rows):
                (data / "usb.yaml").write_text(f"interfaces:\n  - {rows}\n")
                self.usb(device, "enroll", "-d", "usb:", "-o", "y.cards", status=0 if fits else 8, env=env)
        for text, words in (("interfaces:\n  - {vendor: 0x1915}\n", "usb.yaml:2:5: would take other people's devices"),
                            ("interfaces:\n  - {interface: x, vendor: 65536}\n", "expected a number from 0 to 65535"),
                            ("interface: []\n", "unknown key 'interface'"), ("interfaces: {}\n", "expected {interfaces: [...]}"),
                            ("interfaces: [x]\n", "expected {vendor: N, product: N} or {interface: TEXT}"), ("", "")):
            with self.subTest(text):
                (data / "usb.yaml").write_text(text)
                run = self.usb(device, "enroll", "-d", "usb:", "-o", "z.cards", status=3, env=env)
                self.assertIn(words, run.err)
        # Rows of one's own stand behind the installed ones, which stay.
        (data / "usb.yaml").write_text("interfaces: []\n")
        own = self.dir / "config/imprint"
        host = self.dir / "etc/imprint"
        for folder in (own, host):
            folder.mkdir(parents=True)
            for more in ({}, {"XDG_CONFIG_DIRS": f"relative:{self.dir}/nowhere:{self.dir}/etc"}):
                with self.subTest(folder, more=more):
                    (folder / "usb.yaml").write_text("interfaces:\n  - {vendor: 0x1915, product: 0x520f}\n")
                    fits = folder == own or more
                    self.usb(device, "enroll", "-d", "usb:", "-o", "y.cards", status=0 if fits else 8, env=env | more)
                    (folder / "usb.yaml").write_text("interfaces:\n  - {vendor: 1}\n")
                    run = self.usb(device, "enroll", "-d", "usb:", "-o", "y.cards", status=3 if fits else 8, env=env | more)
                    self.assertEqual("imprint/usb.yaml:2:5: would take other people's devices" in run.err, bool(fits))
            (folder / "usb.yaml").unlink()
        (data / "usb.yaml").write_text("interfaces:\n  - {interface: Provisioning}\n")
        (own / "usb.yaml").write_text("interfaces:\n  - {interface: another}\n")
        self.usb(device, "enroll", "-d", "usb:", "-o", "y.cards", env=env)
        (own / "usb.yaml").unlink()
        (data / "usb.yaml").unlink()
        self.usb(device, "enroll", "-d", "all", "-o", "z.cards", status=2, env=env)
        run = self.run_tool("enroll", "-d", f"tcp:{self.at[0]}", "-o", "z.cards", env=env)

    def test_usb_10_held_by_another(self):
        self.start()
        run = self.usb([f"to={self.at[0]},busy,driver=option"], "enroll", "-d", "usb:", "-o", "x.cards", status=8)
        self.assertIn("usb:1-2: interface 1-2:1.0 is held by ", run.err)
        script = f"{IMPRINT} enroll -d usb: -o x.cards --timeout 4 & sleep 0.5; {IMPRINT} enroll -d usb: -o y.cards; echo $?; wait"
        self.start("--fault", "silent")
        run = self.run_shell([f"to={self.at[0]}"], script)
        self.assertIn("8\n", run.stdout)
        self.assertRegex(run.stderr, r"held by (process [0-9]+ \(imprint\)|another process)")

    def test_usb_12_cancelled_in_flight(self):
        """Ctrl-C with a transfer in flight: it ends at once, and the next command has the interface."""
        self.start("--fault", "silent")
        status, seconds = self.interrupted([*PLUG, f"to={self.at[0]}", "--", "sh", "-c",
                                            f"trap '' INT; (trap - INT; exec {IMPRINT} enroll -d usb: -o x.cards --timeout 30); "
                                            f"test $? = 130 || exit 1; {IMPRINT} enroll -d usb: -o x.cards --timeout 2; exit $?"])
        self.assertIn(status, (8, -2))
        self.assertLess(seconds, 5)

    def test_a_keyboard_beside_it_is_refused(self):
        self.start()
        run = self.usb([f"to={self.at[0]},hid"], "enroll", "-d", "usb:", "-o", "x.cards", status=4)
        self.assertIn("usb:1-2: refused, it also has a HID interface and could type on this host", run.err)

    def test_eight_at_once_and_unplugged_at_once(self):
        """USB-11 in small: a hub that loses its power."""
        self.start(count=8)
        devices = [f"to={at},port=1-1.{i + 1}" for i, at in enumerate(self.at)]
        run = self.usb(devices, "enroll", "-d", "all", "-o", "x.cards")
        self.assertEqual(run.out.count("PASS"), 8)
        began = time.monotonic()
        run = self.usb([f"{d},pull=200" for d in devices], "enroll", "-d", "all", "-o", "y.cards", "--timeout", "10", status=12)
        self.assertEqual(run.out.count("unplugged after"), 8, run.out)
        self.assertLess(time.monotonic() - began, 8)


unittest.main()
