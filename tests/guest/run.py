# SPDX-License-Identifier: Apache-2.0
"""Run a command in a guest with Debian's kernel, whose files are the machine's own: run.py [OPTION...] COMMAND...

What the command says comes out here; its status is ours. The kernel's own words are in FOLDER/console.log."""
import argparse
import fcntl
import lzma
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
STATUS = "guest-status="
ENVIRONMENT = ("IMPRINT", "IMPRINT_DATADIR", "SOURCE_ROOT", "GADGET", "FTDI", "COLUMNS")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for the kernel and all that is made of it")
    parser.add_argument("--limit", type=int, default=300, help="seconds until the guest is ended")
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
    # Clocks by HPET: what a processor's own counter counts is measured wrong where the emulator has to wait for its turn.
    # No hardware virtualisation: it is often not there, and behaves differently where it is.
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
               "-kernel", str(kernel(folder)), "-initrd", str(folder / "initramfs"),
               "-append", f"console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off nokaslr tsc=unstable clocksource=hpet guest_start={start}",
               "-virtfs", "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap",
               "-display", "none", "-monitor", "none", "-no-reboot", "-nic", "none",
               "-serial", f"file:{folder / 'console.log'}", "-serial", "stdio"]
    if args.out:
        command += ["-virtfs", f"local,path={args.out.resolve()},mount_tag=out,security_model=none"]
    if args.serial:
        command += ["-chardev", f"serial,id=ftdi,path={args.serial}", "-device", "qemu-xhci", "-device", "usb-serial,chardev=ftdi"]
    return command


def main():
    args = arguments()
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["sh", HERE / "prepare.sh", folder], check=True)
        return run(args, folder)


def run(args, folder):
    start = start_script(folder, args.command, args.out)
    guest = subprocess.Popen(emulator(folder, start, args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    timer = threading.Timer(args.limit, guest.kill)
    timer.start()
    status = None
    try:
        for line in guest.stdout:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.startswith(STATUS):
                status = int(text.removeprefix(STATUS))
            else:
                print(text, flush=True)
    finally:
        timer.cancel()
        guest.kill()
        guest.wait()
    if status is None:
        print((folder / "console.log").read_text(errors="replace")[-3000:], file=sys.stderr)
        print(f"guest: it ended before the command, or {args.limit} s were over", file=sys.stderr)
    return 1 if status is None else status


sys.exit(main())
