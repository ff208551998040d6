# SPDX-License-Identifier: Apache-2.0
"""Run a command beside a PostgreSQL server of its own on a private socket; it finds the server by IMPRINT_TEST_POSTGRES. Ends with the command's status."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))


class Server:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="imprint-pg-", dir="/tmp"))
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.env = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.home)}
        if self.user:
            shutil.chown(self.home, "postgres", "postgres")
            self.home.chmod(0o755)
        self.name = "postgres" if self.user else pwd.getpwuid(os.geteuid()).pw_name
        self.url = f"postgresql:///postgres?host={self.home}&user={self.name}"
        self.process = None

    def run(self, *argv):
        return subprocess.run([str(PROGRAMS / argv[0]), *argv[1:]], env=self.env, cwd=self.home, capture_output=True, text=True, **self.user)

    def start(self):
        made = self.run("initdb", "-D", str(self.home / "data"), "-A", "trust", "-U", self.name, "-E", "UTF8", "--no-sync", "--no-instructions")
        if made.returncode:
            sys.exit(f"initdb: {made.stderr}")
        self.launch()

    def launch(self):
        log = (self.home / "log").open("ab")
        self.process = subprocess.Popen([str(PROGRAMS / "postgres"), "-D", str(self.home / "data"), "-k", str(self.home), "-c", "listen_addresses=",
                                         "-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=16MB"], env=self.env, cwd=self.home,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.user)
        end = time.monotonic() + 60
        while self.run("pg_isready", "-q", "-h", str(self.home)).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"postgres does not start:\n{(self.home / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)  # fast shutdown
            self.process.wait(60)
        shutil.rmtree(self.home, ignore_errors=True)


if __name__ == "__main__":
    server = Server()
    try:
        server.start()
        status = subprocess.run(sys.argv[1:], env=os.environ | {"IMPRINT_TEST_POSTGRES": server.url}, check=False).returncode
    finally:
        server.stop()
    sys.exit(status if status >= 0 else 128 - status)
