# SPDX-License-Identifier: Apache-2.0
"""The whole command with devices on TCP, and the simulator's listeners."""
import os
import socket
import struct
import subprocess
import threading
import unittest

import cbor2

from lines import IMPRINT, Lines


def packet(op, group, command, body=b"\xa0", sequence=7):
    return struct.pack(">BBHHBB", 1 << 3 | op, 0, len(body), group, sequence, command) + body


class Tcp(Lines):
    def test_the_main_job(self):
        self.start()
        self.provision()
        run = self.run_tool("push", "p.packages", "-d", f"tcp:{self.at[0]}", "--cards", "x.cards", "--json")
        answer = self.lines(run.out)[-1]
        self.assertEqual((answer["result"], answer["round_trips"], answer["retries"]), ("pass", 2, 0))
        self.assertEqual(self.held(), [1])

    def test_names_of_hosts(self):
        self.start()
        port = self.at[0].split(":")[1]
        self.run_tool("enroll", "-d", f"tcp:localhost:{port}", "-o", "x.cards")
        self.run_tool("enroll", "-d", f"tcp:no.such.host.invalid:{port}", "-o", "y.cards", status=8)
        run = self.run_tool("simulate", "--state", "six", "--tcp", "[::1]:0", "--", IMPRINT, "enroll", "-d", "all", "-o", "z.cards", status=None)
        self.assertTrue("PASS" in run.out and "tcp:[::1]:" in run.out or "no address of this host" in run.err, run.err)

    def test_simulate_gives_each_device_a_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        self.end()
        run = self.run_tool("simulate", "-n", 3, "--tcp", f"127.0.0.1:{first}", "--", "sh", "-c", "readlink sim/1 sim/2 sim/3")
        self.assertEqual(run.out.split(), [f"tcp:127.0.0.1:{first + i}" for i in range(3)])
        for words, args in (("expected HOST:PORT", ("--tcp", "7")), ("expected HOST:PORT, PORT from 1", ("--call-home", "127.0.0.1:0")), ("no port 65536 for device 2", ("--tcp", "127.0.0.1:65535", "-n", "2"))):
            self.assertIn(words, self.run_tool("simulate", *args, "--", "true", status=2).err)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertIn("in use", self.run_tool("simulate", "--tcp", f"127.0.0.1:{port}", "--", "true", status=8).err)

    def test_links_and_all_lead_to_it(self):
        run = self.simulate("$I enroll -d all -o a.cards --json; $I enroll -d sim/2 -o b.cards --json", "--tcp", "127.0.0.1:0", count=2)
        devices = [d["device"] for d in self.lines(run.out)]
        self.assertEqual(len(devices), 3)
        self.assertEqual(devices[1], devices[2])
        self.assertTrue(all(d.startswith("tcp:127.0.0.1:") for d in devices))

    def test_packets_are_bare_and_describe_says_so(self):
        self.start()
        host, port = self.at[0].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as s:
            ask = packet(0, 4096, 0)
            s.sendall(b"no packet" + ask[:5])
            s.sendall(ask[5:] + ask)
            got = b""
            while len(got) < 8 or len(got) < 2 * (8 + struct.unpack(">H", got[2:4])[0]):
                got += s.recv(4096)
        length, group, sequence = struct.unpack(">xxHHB", got[:7])
        self.assertEqual((got[0], group, sequence), (1 << 3 | 1, 4096, 7))
        self.assertEqual(cbor2.loads(got[8:8 + length])["framings"], ["bare"])

    def test_one_host_at_a_time(self):
        self.start()
        host, port = self.at[0].split(":")
        with socket.create_connection((host, int(port)), timeout=5):
            run = self.run_tool("enroll", "-d", f"tcp:{self.at[0]}", "-o", "x.cards", "--timeout", "3", status=8)
            self.assertRegex(run.err, r"closed by the peer after .*\nhint: most often another host has the device: it talks to one at a time\n")
        self.run_tool("enroll", "-d", f"tcp:{self.at[0]}", "-o", "x.cards")

    def test_what_else_may_be_there(self):
        """Each way of not finding a device has its words."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            run = self.run_tool("enroll", "-d", f"tcp:127.0.0.1:{port}", "-o", "x.cards", "--timeout", "2", status=8)
            self.assertRegex(run.err, r"nothing came \(asked .*\nhint: is that its port, and has no other host the device\?")
        run = self.run_tool("enroll", "-d", f"tcp:127.0.0.1:{port}", "-o", "x.cards", status=8)
        self.assertIn("refused, nothing listens there\nhint: ", run.err)
        with socket.create_server(("127.0.0.1", 0)) as other:
            def speak():
                host, _ = other.accept()
                host.sendall(b"SSH-2.0-Other_1.0\r\n")
                host.recv(100)
                host.close()
            thread = threading.Thread(target=speak)
            thread.start()
            run = self.run_tool("enroll", "-d", f"tcp:127.0.0.1:{other.getsockname()[1]}", "-o", "x.cards", "--timeout", "3", status=8)
            thread.join()
            self.assertRegex(run.err, "closed by the peer after 9 bytes sent, 19 received\nhint: the last that came: \"SSH-2.0-Other_1.0")
        run = subprocess.run(["unshare", "-rn", IMPRINT, "enroll", "-d", "tcp:10.1.2.3:5", "-o", "x.cards"], cwd=self.dir, capture_output=True,
                             text=True, env=os.environ)
        if "unshare" not in run.stderr:
            self.assertEqual(run.returncode, 8)
            self.assertIn("tcp:10.1.2.3:5: no route to it", run.stderr)

    def test_unplugged_and_back(self):
        self.start()
        self.provision()
        for at in (3, 200, 500, 900):
            with self.subTest(at):
                self.start("--fault", f"unplug@{at}")
                run = self.run_tool("push", "p.packages", "-d", f"tcp:{self.at[0]}", "--cards", "x.cards", status=8)
                self.assertIn("closed by the peer after ", run.err)
                self.start()
                self.run_tool("push", "p.packages", "-d", f"tcp:{self.at[0]}", "--cards", "x.cards")
                self.assertEqual(self.held(), [1])

    def test_cancelled_while_connecting_and_while_waiting(self):
        self.start("--fault", "silent")
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            others = [socket.socket() for _ in range(4)]
            for other in others:
                other.setblocking(False)
                other.connect_ex(full.getsockname())
            for at in (self.at[0], f"127.0.0.1:{full.getsockname()[1]}"):
                status, seconds = self.interrupted([IMPRINT, "enroll", "-d", f"tcp:{at}", "-o", "x.cards", "--timeout", "30"])
                self.assertEqual(status, 130)
                self.assertLess(seconds, 2)
            for other in others:
                other.close()


unittest.main()
