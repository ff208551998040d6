# SPDX-License-Identifier: Apache-2.0
"""The whole command over the kernel's own USB: its core, usbfs, cdc-acm, ftdi_sio, and Linux as a device. Runs in the guest of run.py."""
import concurrent.futures
import glob
import grp
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import threading
import time
import tty

import tap
from usb import DEVICES, IMPRINT, SOAK, VHCI, BusyHub, Node, UsbCase, is_up, read, taken, vhci_port, wait_for

EIGHT = 8
LONG = ("Demo",)  # of the soak


class Fleet(UsbCase):
    def test_eight_at_once_over_both_interfaces(self):
        """Vendor bulk first, then the serial ports of the same devices; each push is proven by signed evidence."""
        fleet = self.plug(count=EIGHT)
        self.assertEqual(len(set(fleet.ports)), EIGHT)
        self.provision(fleet)
        run = self.run_tool("push", "p.packages", "-d", "all", "--cards", "x.cards", "--evidence", "e", "--json", env={"IMPRINT_SIM": "sim"})
        answers = [d for d in self.lines(run.out) if "device" in d]
        self.assertEqual(sorted(a["device"] for a in answers), sorted(f"usb:{p}" for p in fleet.ports))
        self.assertEqual({(a["result"], a["assurance"]) for a in answers}, {("pass", "attested")})
        self.pack(2)
        answers = self.push(fleet.serials())
        self.assertEqual({(a["result"], a["assurance"]) for a in answers}, {("pass", "attested")})
        self.assertEqual(self.held(fleet.names()), [[2]] * EIGHT)

    def test_names_that_udev_and_sysfs_give(self):
        one = self.plug()
        port, (terminal,) = one.ports[0], one.terminals()
        by_id = wait_for("udev", lambda: glob.glob("/dev/serial/by-id/*SIM-000001*"))[0].removeprefix("/dev/serial/")
        for number, name in enumerate(("usb:", f"usb:{port}", "usb:serial=SIM-000001", "usb:1209:0001", f"/dev/{terminal}", f"serial:{by_id}", f"serial:usb={port}",
                                       f"serial:/dev/{terminal}?baud=921600")):
            with self.subTest(name):
                run = self.run_tool("enroll", "-d", name, "-o", f"{number}.cards", "--json")
                self.assertEqual(self.lines(run.out)[0]["imei"], one.imeis[0])
        offered = self.run_tool("complete", "--", "enroll", "-d", "").out
        self.assertIn(f"usb:{port}\timprint Simulated device SIM-000001\n", offered)

    def test_usb_11_a_hub_loses_its_power(self):
        """All eight go at once, in the middle of a request."""
        fleet = self.plug("--fault", "silent", count=EIGHT)
        run = self.begin("enroll", *fleet.names(), "-o", "x.cards", "--timeout", "60", "--json", opens=EIGHT)
        fleet.end(signal.SIGKILL)
        out, _ = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 12)
        messages = [d["message"] for d in self.lines(out)]
        self.assertEqual(len([m for m in messages if "unplugged after" in m]), EIGHT, messages)
        self.assertFalse((self.dir / "x.cards").exists())


class Demo(UsbCase):
    def test_it_runs_over_usb(self):
        run = subprocess.run(["sh", f"{os.environ['SOURCE_ROOT']}/tests/demo.sh", "--usb"], cwd=self.dir, capture_output=True, text=True, timeout=200, check=False)
        self.assertEqual(run.returncode, 0, run.stdout[-3000:])
        self.assertEqual(len(set(re.findall("usb:[0-9]+-[0-9]+", run.stdout))), EIGHT)


class Messages(UsbCase):
    DESCRIBE = bytes((0x08, 0, 0, 1, 0x10, 0, 7, 0, 0xa0))

    def test_a_half_packet_goes_with_its_message(self):
        """A short packet ends a message, whatever is missing; what comes next is read afresh."""
        one = self.plug()
        node = Node(one.ports[0])
        self.addCleanup(node.close)
        node.write(self.DESCRIBE[:5])
        node.write(self.DESCRIBE)
        answer = node.read()
        self.assertEqual((answer[0], answer[6]), (0x09, 7))
        self.assertEqual(len(answer), 8 + int.from_bytes(answer[2:4], "big"), "one message, one packet")

    def test_again_before_the_hub_has_noticed(self):
        """The controller has let go of a device, the hub has not: the next one takes another port, and is taken up."""
        first = self.plug()
        port = vhci_port(first.ports[0])
        with concurrent.futures.ThreadPoolExecutor() as beside, BusyHub(first.ports[0]):
            first.process.kill()
            first.process.wait()
            wait_for("the controller to let go", lambda: port not in taken())
            again = beside.submit(self.plug, state="again")
            self.assertEqual(wait_for("the next to be plugged in", taken), {port + 1})
        self.assertEqual(vhci_port(again.result().ports[0]), port + 1)


class Unplugged(UsbCase):
    def test_usb_04_at_each_step(self):
        """What was cut off within the first byte, the package, the evidence is finished by the next command, and nothing is half done."""
        parts = (0, 1 / 3, 3 / 4, 1) if SOAK else (1 / 3, 1)
        fleet = self.plug(count=1 + len(parts))
        self.provision(fleet)
        done = self.push(fleet.names()[:2])[0]
        fleet.end()
        total = done["bytes_sent"] + done["bytes_received"]
        faults = [word for i, part in enumerate(parts) for word in ("--fault", f"{i + 2}:unplug@{200 + int((total - 201) * part)}")]
        fleet = self.plug(*faults, count=1 + len(parts))
        answers = self.push(fleet.names()[2:], status=12 if len(parts) > 1 else 8)
        self.assertEqual([(a["result"], a["status"]) for a in answers], [("fail", 8)] * len(parts), fleet.said())
        for answer in answers:
            self.assertRegex(answer["message"], "unplugged after [0-9]+")
        for port in fleet.ports[1:]:
            fleet.back(port)
        self.push(fleet.names())
        self.assertEqual(self.held(fleet.names()), [[1]] * len(fleet.ports))

    def test_usb_06_power_goes_while_flash_is_written(self):
        """The device leaves the bus and comes back under another number, with the old state or the new, whole."""
        writes = (5, 6, 8, 9) if SOAK else (5, 8)
        fleet = self.plug(count=len(writes))
        self.provision(fleet)
        fleet.end()
        faults = [word for i, at in enumerate(writes) for word in ("--fault", f"{i + 1}:cut@{at}")]
        fleet = self.plug(*faults, count=len(writes))
        answers = self.push(fleet.names(), status=None)
        cut = [a["device"].removeprefix("usb:") for a in answers if a["result"] == "fail"]
        self.assertGreaterEqual(len(cut), len(writes) // 2, answers)
        for port in cut:
            fleet.back(port)
        self.push(fleet.names())
        self.assertEqual(self.held(fleet.names()), [[1]] * len(fleet.ports))

    def test_the_host_lets_go_of_it(self):
        """detach in sysfs, while a request waits."""
        one = self.plug("--fault", "silent")
        run = self.begin("enroll", *one.names(), "-o", "x.cards", "--timeout", "60")
        (VHCI / "detach").write_text(str(vhci_port(one.ports[0])))
        _, said = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 8)
        self.assertIn("unplugged after", said)
        wait_for("the simulator to notice", lambda: "unplugged by the host's system" in one.said())

    def test_usb_05_another_device_in_the_same_port(self):
        first = self.plug()
        self.provision(first)
        port = first.ports
        first.end()
        self.write("other.csv", "imei\n001010010000055\n")
        other = self.plug("--csv", "other.csv", state="other")
        self.assertEqual(other.ports, port)
        run = self.run_tool("push", "p.packages", *other.names(), "--cards", "x.cards", status=4)
        self.assertIn("nothing for it in p.packages", run.err)
        other.end()
        again = self.plug()
        self.push(again.names())
        self.assertEqual(self.held(again.names()), [[1]])

    def test_usb_05_another_device_within_a_session(self):
        """The plug is pulled and another device put in before the next byte."""
        fleet = self.plug(count=2)
        self.provision(fleet)
        fleet.end()
        self.write("one.csv", f"imei\n{fleet.imeis[0]}\n")
        one = self.plug("--csv", "one.csv", "--fault", "slow@400")
        self.write("two.csv", f"imei\n{fleet.imeis[1]}\n")
        run = self.begin("push", "p.packages", *one.names(), "--cards", "x.cards", "--timeout", "60")
        one.end(signal.SIGKILL)
        two = self.plug("--csv", "two.csv")
        self.assertEqual(two.ports, one.ports)
        _, said = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 8, said)
        self.assertIn("unplugged after", said)
        self.assertEqual(self.held(two.names()), [[]])


class Host(UsbCase):
    def test_usb_01_no_device(self):
        run = self.run_tool("enroll", "-d", "usb:", "-o", "x.cards", status=8)
        self.assertIn("no device of ours among", run.err)

    def test_usb_02_two_devices_and_no_selector(self):
        two = self.plug(count=2)
        run = self.run_tool("enroll", "-d", "usb:", "-o", "x.cards", status=2)
        for port in two.ports:
            self.assertIn(f"usb:{port} (1209:0001 imprint Simulated device SIM-", run.err)

    def test_usb_03_no_permission(self):
        one = self.plug()
        program, who = self.nobody()
        run = subprocess.run([program, "enroll", *one.names(), "-o", "x.cards"], cwd=self.dir, capture_output=True, text=True, timeout=60, check=False, **who)
        self.assertEqual(run.returncode, 8, run.stderr)
        self.assertIn(f"usb:{one.ports[0]}: no permission for /dev/bus/usb/", run.stderr)
        self.assertIn('hint: a udev rule gives it to whoever sits at this host: SUBSYSTEM=="usb"', run.stderr)

    def test_our_udev_rules_give_both_to_a_group_and_keep_modemmanager_off(self):
        one = self.plug()
        gid = grp.getgrnam("dialout").gr_gid
        nodes = [Node.path(one.ports[0]), f"/dev/{one.terminals()[0]}"]
        for node in nodes:
            wait_for(f"udev to be done with {node}", lambda n=node: os.stat(n).st_gid == gid)
            self.assertEqual(stat.S_IMODE(os.stat(node).st_mode), 0o660)
            told = subprocess.run(["udevadm", "info", node], capture_output=True, text=True, check=True).stdout
            self.assertIn("E: ID_MM_DEVICE_IGNORE=1\n", told)
            self.assertIn(":uaccess:", told)
        program, who = self.nobody()
        for number, name in enumerate((*one.names(), *one.serials())[1::2]):
            run = subprocess.run([program, "enroll", "-d", name, "-o", f"{number}.cards"], cwd=self.dir, capture_output=True, text=True, timeout=60, check=False,
                                 **{**who, "extra_groups": [gid]})
            self.assertEqual(run.returncode, 0, run.stderr)

    def test_usb_10_held_by_another_and_usb_12_cancelled_in_flight(self):
        """One waits, a second is told who has it; after Ctrl-C the interface is free at once."""
        one = self.plug("--fault", "silent")
        first = self.begin("enroll", *one.names(), "-o", "x.cards", "--timeout", "60")
        run = self.run_tool("enroll", *one.names(), "-o", "y.cards", status=8)
        self.assertIn(f"is held by process {first.pid} (imprint)", run.err)
        began = time.monotonic()
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        self.assertEqual(first.returncode, 130)
        self.assertLess(time.monotonic() - began, 5)
        run = self.run_tool("enroll", *one.names(), "-o", "y.cards", "--timeout", "1", status=8)
        self.assertIn("nothing came", run.err)

    def test_usb_08_a_device_that_misbehaves(self):
        """Faults of the line, each on a device of its own, over one interface or the other; in the soak over both: more than one controller has ports for."""
        kinds = (("noise", 0), ("drop", 0), ("text", 8), ("echo", 8), ("lie:garbage", 7), ("lie:bomb", 7), ("lie:deep", 7), ("silent", 8))
        bulk, serial = (kinds, kinds) if SOAK else (kinds[::2], kinds[1::2])
        both = bulk + serial
        faults = [word for i, (kind, _) in enumerate(both) for word in ("--fault", f"{i + 1}:{kind}")]
        fleet = self.plug(*faults, count=len(both))
        names = fleet.names()[:2 * len(bulk)] + fleet.serials()[2 * len(bulk):]
        run = self.run_tool("enroll", *names, "-o", "x.cards", "--timeout", "3", "--json", status=12)
        answers = [d for d in self.lines(run.out) if "device" in d]
        self.assertEqual([(kind, a["status"]) for (kind, _), a in zip(both, answers)], list(both))


class Gadget(UsbCase):
    """Linux's own device side: FunctionFS for the vendor interface, f_acm for the serial port, dummy_hcd between."""
    G = "/sys/kernel/config/usb_gadget/imprint"

    def write_all(self, **files):
        for name, text in files.items():
            with open(f"{self.G}/{name.replace('__', '/')}", "w", encoding="ascii") as f:
                f.write(text)

    def setUp(self):
        super().setUp()
        for module in ("dummy_hcd", "libcomposite", "usb_f_fs", "usb_f_acm"):
            subprocess.run(["modprobe", module], check=True)
        if not os.path.isdir("/sys/kernel/config/usb_gadget"):
            subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], check=True)
        for folder in ("", "/strings/0x409", "/functions/ffs.imprint", "/functions/acm.0", "/configs/c.1"):
            os.makedirs(self.G + folder, exist_ok=True)
        self.write_all(idVendor="0x1209", idProduct="0x0001", strings__0x409__serialnumber="GADGET-1", strings__0x409__product="Gadget")
        for function in ("ffs.imprint", "acm.0"):
            if not os.path.lexists(f"{self.G}/configs/c.1/{function}"):
                os.symlink(f"{self.G}/functions/{function}", f"{self.G}/configs/c.1/{function}")
        os.makedirs("/run/ffs", exist_ok=True)
        subprocess.run(["mount", "-t", "functionfs", "imprint", "/run/ffs"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/run/ffs"], check=True)

    def unbind(self):
        if read(f"{self.G}/UDC"):
            self.write_all(UDC="\n")

    def bind(self, *options):
        """Two simulated devices behind it: one on TCP for the vendor interface, one on a pty for the serial port."""
        bulk, said = self.background("bulk", "--tcp", "127.0.0.1:0", *options)
        self.background("acm", *options)
        host, port = said["tcp"].removeprefix("tcp:").split(":")
        gadget = subprocess.Popen([os.environ["GADGET"], "/run/ffs", host, port], stdout=subprocess.PIPE, text=True)
        self.addCleanup(gadget.wait, 60)
        self.addCleanup(self.unbind)
        self.assertEqual(gadget.stdout.readline(), "ready\n")
        self.write_all(UDC="dummy_udc.0")
        self.port = wait_for("the gadget", lambda: next((p.name for p in DEVICES.glob("*-1") if read(p / "serial") == "GADGET-1"), None))
        wait_for("its serial port", lambda: is_up(self.port))

    def background(self, state, *options):
        process = subprocess.Popen([IMPRINT, "simulate", "--json", "--state", state, *options], cwd=self.dir, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.send_signal, signal.SIGINT)
        said = self.lines(process.stdout.readline())[0]
        self.assertIn("ready", process.stdout.readline())
        return process, said

    def pump(self, one, two):
        """Bytes between two terminals, until one hangs up."""
        ends = [os.open(path, os.O_RDWR | os.O_NOCTTY) for path in (one, two)]
        for end in ends:
            tty.setraw(end)

        def run():
            try:
                while True:
                    for end in select.select(ends, [], [])[0]:
                        os.write(ends[1 - ends.index(end)], os.read(end, 4096))
            except OSError:
                pass
        thread = threading.Thread(target=run, daemon=True)
        thread.start()

    def test_the_main_job_over_functionfs(self):
        self.bind()
        name = ["-d", f"usb:{self.port}"]
        self.keys()
        self.run_tool("enroll", *name, "-o", "x.cards")
        self.run_tool("claim", "-k", "owner.pem", *name, "--cards", "x.cards", "--evidence", "e")
        self.write("d.csv", "imei\n001010010000014\n")
        self.profile()
        self.pack(1)
        answer = self.push(name)[0]
        self.assertEqual((answer["result"], answer["assurance"]), ("pass", "attested"))
        self.assertEqual(self.held(name), [[1]])

    def test_f_acm(self):
        self.bind()
        self.pump("/dev/ttyGS0", self.dir / "acm/1")
        run = self.run_tool("enroll", "-d", f"serial:usb={self.port}", "-o", "x.cards", "--json")
        self.assertEqual(self.lines(run.out)[0]["result"], "pass")

    def test_a_gadget_that_goes_while_a_request_waits(self):
        self.bind("--fault", "silent")
        run = self.begin("enroll", "-d", f"usb:{self.port}", "-o", "x.cards", "--timeout", "60")
        self.unbind()
        _, said = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 8, said)
        self.assertIn("unplugged after", said)


class Converter(UsbCase):
    def test_the_main_job_over_ftdi_sio(self):
        """The emulator's FT232 with a simulated device outside behind it, by ftdi_sio."""
        terminal = wait_for("the converter", lambda: os.path.exists("/dev/ttyUSB0") and "serial:/dev/ttyUSB0")
        self.keys()
        self.run_tool("enroll", "-d", terminal, "-o", "x.cards")
        self.run_tool("claim", "-k", "owner.pem", "-d", terminal, "--cards", "x.cards", "--evidence", "e")
        self.write("d.csv", "imei\n001010010001004\n")
        self.profile()
        self.pack(1)
        self.assertEqual(self.push(["-d", terminal])[0]["assurance"], "attested")
        self.assertEqual(self.held(["-d", f"{terminal}?baud=921600"]), [[1]])


def start_up():
    os.makedirs("/run/udev/rules.d")
    shutil.copy(f"{os.environ['SOURCE_ROOT']}/profiles/udev/70-imprint.rules", "/run/udev/rules.d")
    subprocess.run(["/usr/lib/systemd/systemd-udevd", "--daemon"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["udevadm", "trigger", "--action=add"], check=True)
    subprocess.run(["modprobe", "vhci-hcd"], check=True)
    subprocess.run(["udevadm", "settle"], check=True)


start_up()
tap.main(without=() if SOAK else LONG)
