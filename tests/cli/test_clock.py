# SPDX-License-Identifier: Apache-2.0
"""CLK-01, CLK-02, CLK-03: what the clock of the host shows, and where it stands, changes nothing that is made."""
import os
import unittest

import cbor2

from faulty import Faulty

# Where it starts, and by how much it moves at each look: the epoch, past 31 bits, past 32 bits, back and forth in leaps of a year.
TIMES = ("0", "2147483647:1", "2147483648", "4294967296", "4102444800:-31536000", "86400:-1", "1000000000:31536000")


class Clock(Faulty):
    def made(self, args, env, output="new"):
        run = self.faulty(args, env=env)
        self.assertEqual(run.returncode, 0, run.err)
        content = (self.dir / output).read_bytes()
        self.restore(self.known)
        return content, run.stdout, run.err

    def everywhere(self, args, of):
        """`of` what the command makes is the same at all times and in all zones."""
        want = of(*self.made(args, {}))
        for time in TIMES:
            self.assertEqual(of(*self.made(args, {"FAULT_TIME": time})), want, time)
        for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns", ":/no/such"):
            self.assertEqual(of(*self.made(args, {"TZ": zone})), want, zone)

    def items(self, content):
        out, path = [], self.dir / "content"
        path.write_bytes(content)
        with open(path, "rb") as f:
            while f.tell() < len(content):
                out.append(cbor2.load(f))
        path.unlink()
        return out[1:]

    def test_clk_01_the_shim_shows_what_it_is_told(self):
        """Else all of this would pass without it: OpenSSL seeds itself by the clock, too."""
        run = self.traced(self.commands()["sign"][0], env={"FAULT_TIME": "0"})
        self.assertGreater(self.counted(run, "clock"), 0)

    def test_clk_03_doctor_sees_a_clock_that_is_behind(self):
        run = self.faulty(["doctor", "--json"], env={"FAULT_TIME": "0", "IMPRINT_DATADIR": os.environ["IMPRINT_DATADIR"]})
        (clock,) = [t for t in self.lines(run.out) if t["check"] == "clock"]
        self.assertEqual((run.returncode, clock["result"], clock["command"]), (11, "fix", "sudo timedatectl set-ntp true"))
        self.assertIn("the clock is behind", clock["message"])

    def test_clk_01_clk_02_build(self):
        """The same bytes, and the same words."""
        self.everywhere(self.commands()["build"][0], lambda *made: made)

    def test_clk_01_clk_02_sign(self):
        """Ed25519 draws nothing: the same bytes. Of ES256, all that is signed."""
        self.run_tool("keygen", "--type", "eddsa", "--class", "test", "-o", "ed.pem")
        self.known = self.snapshot()
        args = self.commands()["sign"][0]
        self.everywhere([a.replace("owner.pem", "ed.pem") for a in args], lambda *made: made)
        self.everywhere(args, lambda content, *said: ([item.value[:3] for item in self.items(content)], said))

    def test_clk_01_clk_02_pack(self):
        """The outer claims, the ids in them, and the length: keys and ciphertext differ each time."""
        def of(content, out, err):
            return [(cbor2.loads(i.value[0])[15], len(i.value[2])) for i in self.items(content)], out, err
        self.everywhere(self.commands()["pack"][0], of)

    def test_clk_01_clk_02_check(self):
        args, _ = self.commands("check")["check"]
        want = self.faulty(args)
        self.assertEqual(want.returncode, 0, want.err)
        for time in TIMES:
            run = self.faulty(args, env={"FAULT_TIME": time})
            self.assertEqual((run.returncode, run.stdout, run.stderr), (0, want.stdout, want.stderr), time)

    def test_clk_02_no_time_limit_is_reached_by_a_leap(self):
        """Waiting is measured by the clock that nobody sets."""
        run = self.simulate("$I enroll -d sim/1 -o y.cards --timeout 5")
        del run
        self.write("script.sh", 'LD_PRELOAD="$PRELOAD" FAULT_TIME=4102444800:31536000 "$FAULTY" enroll -d sim/1 -o z.cards --timeout 5')
        self.run_tool("simulate", "--", "sh", "script.sh", env={"PRELOAD": os.environ["FAULTS"]})
        self.assertGreater((self.dir / "z.cards").stat().st_size, 100)


if __name__ == "__main__":
    unittest.main()
