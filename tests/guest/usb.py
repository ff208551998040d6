# SPDX-License-Identifier: Apache-2.0
"""What the cases in the guest share: simulated devices on the kernel's USB, and waiting for what the kernel does."""
import ctypes
import fcntl
import glob
import mmap
import os
import pathlib
import select
import signal
import struct
import subprocess
import sys
import threading
import time

sys.path.append(os.path.join(os.environ["SOURCE_ROOT"], "tests/cli"))
from tool import IMPRINT, Case  # noqa: E402

DEVICES = pathlib.Path("/sys/bus/usb/devices")
VHCI = pathlib.Path("/sys/devices/platform/vhci_hcd.0")
PATIENCE = 60  # seconds of the guest's time, which waits where the machine is busy
SOAK = "IMPRINT_SOAK" in os.environ


def wait_for(what, condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (got := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)
    return got


def read(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def opened(pid):
    """The nodes of USB that a process has open."""
    links = []
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            links.append(os.readlink(link))
        except OSError:
            pass
    return [link for link in links if link.startswith("/dev/bus/usb/")]


def rest(pid):
    """What a process has used of the processor where it sleeps, in ticks; None where it does not."""
    state, *numbers = read(f"/proc/{pid}/stat").rpartition(")")[2].split() or "X"
    return sum(map(int, numbers[10:12])) if state == "S" else None


def is_up(port):
    """Has the kernel taken up the device, with its serial port?"""
    return read(DEVICES / f"{port}:1.0/interface") == "imprint SMP" and glob.glob(str(DEVICES / f"{port}:1.1/tty/tty*"))


class Plugged:
    """`imprint simulate --usb` in the background. .ports are the names in sysfs, "1-1"."""

    def __init__(self, case, *options, count=1, state="sim"):
        self.case = case
        self.log = open(case.dir / f"{state}.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([IMPRINT, "simulate", "--usb", "--json", "--state", state, "-n", str(count), *options],
                                        cwd=case.dir, stdout=subprocess.PIPE, stderr=self.log, text=True)
        said = []
        for line in self.process.stdout:
            said += case.lines(line)
            if "ready" in said[-1]:
                break
        else:
            raise AssertionError(self.said())
        self.ports = [d["usb"].removeprefix("usb:") for d in said[:-1]]
        self.imeis = [d["imei"] for d in said[:-1]]
        self.numbers = {port: (self.replugs(port), read(DEVICES / port / "devnum")) for port in self.ports}

    def said(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def names(self):
        return [word for port in self.ports for word in ("-d", f"usb:{port}")]

    def terminals(self):
        return [wait_for(f"the terminal of {port}", lambda p=port: is_up(p))[0].replace("/sys", "").rsplit("/", 1)[1] for port in self.ports]

    def serials(self):
        return [word for tty in self.terminals() for word in ("-d", f"serial:/dev/{tty}")]

    def replugs(self, port):
        return self.said().count(f"plugged in again: usb:{port}\n")

    def back(self, port):
        """It is there under another number, after what took it away."""
        replugs, number = self.numbers[port]
        wait_for(f"{port} to be plugged in", lambda: self.replugs(port) > replugs)
        wait_for(f"{port} to be back", lambda: is_up(port) and read(DEVICES / port / "devnum") != number)

    def end(self, how=signal.SIGINT):
        if self.process.returncode is not None:
            return
        self.process.send_signal(how)
        status = self.process.wait(timeout=PATIENCE)
        self.case.assertEqual(status, 0 if how == signal.SIGINT else -how, self.said())
        for port in self.ports:
            wait_for(f"{port} to go", lambda p=port: not (DEVICES / p).exists())


def vhci_port(name):
    """The number that the virtual controllers have for a port of sysfs. Source: Linux, drivers/usb/usbip/vhci_sysfs.c."""
    bus, port = name.split("-")
    controller = next(p.parent for p in VHCI.parent.glob(f"vhci_hcd.*/usb{bus}"))
    controllers = len(list(VHCI.glob("status*")))
    return int(controller.name.split(".")[1]) * (int(read(VHCI / "nports")) // controllers) + int(port) - 1


def taken():
    """The ports of the virtual controllers that something is plugged in at."""
    lines = [line.split() for path in VHCI.glob("status*") for line in read(path).splitlines()[1:]]
    return {int(port) for _, port, state, *_ in lines if int(state) != 4}


class BusyHub:
    """A hub that sees nothing: the kernel holds its lock in a read, into memory that is given only at the end. Source: Linux, include/uapi/linux/userfaultfd.h."""
    USERFAULTFD, API, REGISTER = 323, 0xc018aa3f, 0xc020aa00

    def __init__(self, port):
        self.node = "/dev/bus/usb/%03d/001" % int(port.split("-")[0])

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self.memory, self.fault = mmap.mmap(-1, mmap.PAGESIZE), libc.syscall(self.USERFAULTFD, os.O_CLOEXEC)
        where = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        fcntl.ioctl(self.fault, self.API, bytearray(struct.pack("QQQ", 0xaa, 0, 0)))
        fcntl.ioctl(self.fault, self.REGISTER, bytearray(struct.pack("QQQQ", where, mmap.PAGESIZE, 1, 0)))
        self.fd = os.open(self.node, os.O_RDONLY)
        self.reader = threading.Thread(target=libc.read, args=(self.fd, ctypes.c_void_p(where), 18))
        self.reader.start()
        select.select([self.fault], [], [], PATIENCE)  # until it waits for the memory

    def __exit__(self, *_):
        os.close(self.fault)
        self.reader.join(PATIENCE)
        os.close(self.fd)


class Node:
    """A device through usbfs itself: messages as they are. Source: Linux, include/uapi/linux/usbdevice_fs.h."""
    CLAIM, BULK = 0x8004550f, 0xc0185502

    def __init__(self, port):
        self.fd = os.open(self.path(port), os.O_RDWR)
        fcntl.ioctl(self.fd, self.CLAIM, struct.pack("I", 0))

    @staticmethod
    def path(port):
        return "/dev/bus/usb/%03d/%03d" % tuple(int(read(DEVICES / port / name)) for name in ("busnum", "devnum"))

    def move(self, endpoint, buffer):
        where = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        return fcntl.ioctl(self.fd, self.BULK, bytearray(struct.pack("IIIxxxxQ", endpoint, len(buffer), 10000, where)))

    def write(self, message):
        return self.move(0x01, bytearray(message))

    def read(self):
        buffer = bytearray(16384)
        return bytes(buffer[:self.move(0x81, buffer)])

    def close(self):
        os.close(self.fd)


class UsbCase(Case):
    def begin(self, *args, opens=1):
        """Run imprint in the background until it has opened its devices and waits for them."""
        run = subprocess.Popen([IMPRINT, *map(str, args)], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(run.kill)
        wait_for("imprint to open them", lambda: len(opened(run.pid)) >= opens)
        looks = [None] * 4
        wait_for("imprint to wait for answers", lambda: looks.append(rest(run.pid)) or looks[-1] is not None and len(set(looks[-4:])) == 1)
        self.assertIsNone(run.poll(), "it should wait for answers")
        return run

    def plug(self, *options, **more):
        plugged = Plugged(self, *options, **more)
        self.addCleanup(plugged.end)
        return plugged

    def run_tool(self, *args, timeout=200, **more):
        return super().run_tool(*args, timeout=timeout, **more)

    def keys(self):
        """The owner's is enough."""
        self.run_tool("keygen", "--class", "test", "-o", "owner.pem")

    def provision(self, plugged, sequence=1):
        """A key, cards and an owner for all, a package for each."""
        self.keys()
        self.run_tool("enroll", *plugged.names(), "-o", "x.cards")
        self.run_tool("claim", "-k", "owner.pem", *plugged.names(), "--cards", "x.cards", "--evidence", "e")
        self.write("d.csv", "\n".join(["imei", *plugged.imeis]) + "\n")
        self.profile()
        self.pack(sequence)

    def pack(self, sequence):
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "--sequence", sequence, "-o", "p.packages", "--force")

    def push(self, names, *more, status=0):
        run = self.run_tool("push", "p.packages", *names, "--cards", "x.cards", "--evidence", "e", "--json", *more, status=status)
        return [d for d in self.lines(run.out) if "device" in d]

    def held(self, names):
        """What each device proves that it holds, by its signature."""
        run = self.run_tool("verify", *names, "--cards", "x.cards", "--evidence", "e", "--json")
        return [[d["sequence"] for d in answer["domains"]] for answer in self.lines(run.out) if "device" in answer]
