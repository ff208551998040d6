# SPDX-License-Identifier: Apache-2.0
"""Run a command in a guest with Debian's kernel, whose files are the machine's own: run.py [OPTION...] COMMAND...

What the command says comes out here; its status is ours. The kernel's own words are in FOLDER/console.log."""
import argparse
import fcntl
import lzma
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
STATUS = "guest-status="
ENVIRONMENT = ("IMPRINT", "IMPRINT_DATADIR", "IMPRINT_SOAK", "SOURCE_ROOT", "GADGET", "FTDI", "COLUMNS")
# What it takes, and the packages of Debian that have it.
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio", "modprobe": "kmod", "depmod": "kmod", "udevadm": "udev"}
UDEVD = "/usr/lib/systemd/systemd-udevd"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for the kernel and all that is made of it")
    parser.add_argument("--limit", type=int, default=300, help="seconds without a word until the guest is ended")
    parser.add_argument("--serial", help="a terminal that the guest gets as an FTDI converter on USB")
    parser.add_argument("--out", type=pathlib.Path, help="a folder that the guest has as /run/out, to leave files in")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def kernel(folder):
    """The kernel unpacked where that is possible: it boots 2 s earlier."""
    plain = folder / "vmlinux"
    packed = (folder / "vmlinuz").read_bytes()
    start = packed.find(b"\xfd7zXZ\0")
    if start < 0:
        return folder / "vmlinuz"
    if not plain.exists():
        plain.write_bytes(lzma.LZMADecompressor().decompress(packed[start:]))
    return plain


def start_script(folder, command, out):
    lines = ["export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/run/tmp PYTHONDONTWRITEBYTECODE=1"]
    lines += [f"export {name}={shlex.quote(os.environ[name])}" for name in ENVIRONMENT if name in os.environ]
    if out:
        lines += ["mkdir /run/out", "mount -t 9p -o trans=virtio,version=9p2000.L out /run/out"]
    # A terminal within only where there is one without.
    end = "" if sys.stdout.isatty() else "| cat "
    lines += ["mkdir /run/tmp; cd /run/tmp; busybox ip link set lo up", "stty -F /dev/ttyS1 raw -echo",
              f"{{ {shlex.join(command)}; echo {STATUS}$?; }} </dev/null 2>&1 {end}>/dev/ttyS1", "busybox poweroff -f"]
    script = folder / "start.sh"
    script.write_text("\n".join(lines) + "\n")
    return script


def emulator(folder, start, args):
    # Time within is what the processor has done, 8 ns an instruction: where the emulator has to wait for its turn, the guest's time waits, too, and nothing within
    # is late. Only while all within sleep does it go by outside. That takes one processor; two with one count hang.
    # No hardware virtualisation: it is often not there, and behaves differently where it is.
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-icount", "shift=3", "-cpu", "max", "-smp", "1", "-m", "1024",
               "-kernel", str(kernel(folder)), "-initrd", str(folder / "initramfs"),
               "-append", f"console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off nokaslr tsc=reliable guest_start={start}",
               "-virtfs", "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap",
               "-display", "none", "-monitor", "none", "-no-reboot", "-nic", "none",
               "-serial", f"file:{folder / 'console.log'}", "-serial", "stdio"]
    if args.out:
        command += ["-virtfs", f"local,path={args.out.resolve()},mount_tag=out,security_model=none"]
    if args.serial:
        command += ["-chardev", f"serial,id=ftdi,path={args.serial}", "-device", "qemu-xhci", "-device", "usb-serial,chardev=ftdi"]
    return command


def missing():
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=PATH)} | ({"udev"} if not os.access(UDEVD, os.X_OK) else set()))


class Watch:
    """Ends the guest that says nothing for so long: how long all of it takes is a question of the machine."""

    def __init__(self, guest, limit):
        self.guest, self.limit, self.timer = guest, limit, None

    def heard(self):
        self.stop()
        self.timer = threading.Timer(self.limit, self.guest.kill)
        self.timer.daemon = True
        self.timer.start()

    def stop(self):
        if self.timer:
            self.timer.cancel()


def main():
    args = arguments()
    if lack := missing():
        print(f"guest: no guest can boot here: apt-get install {' '.join(lack)}", file=sys.stderr)
        return 1
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if subprocess.run(["sh", HERE / "prepare.sh", folder], check=False, env={**os.environ, "PATH": PATH}).returncode != 0:
            print("guest: no guest can boot here: there is no kernel for it", file=sys.stderr)
            return 1
        return run(args, folder)


def run(args, folder):
    start = start_script(folder, args.command, args.out)
    guest = subprocess.Popen(emulator(folder, start, args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    watch = Watch(guest, args.limit)
    watch.heard()
    status = None
    try:
        for line in guest.stdout:
            watch.heard()
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.startswith(STATUS):
                status = int(text.removeprefix(STATUS))
            else:
                print(text, flush=True)
    finally:
        watch.stop()
        guest.kill()
        guest.wait()
    if status is None:
        print((folder / "console.log").read_text(errors="replace")[-3000:], file=sys.stderr)
        print(f"guest: it ended before the command, or said nothing for {args.limit} s", file=sys.stderr)
    return 1 if status is None else status


sys.exit(main())
