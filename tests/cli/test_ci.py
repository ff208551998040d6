# SPDX-License-Identifier: Apache-2.0
"""The pipeline of imprint-ci(7): its scripts and snippets in a project's folder, with a secret store, as a CI server runs them."""
import base64
import os
import re
import shutil
import subprocess
import unittest

import junit
import yaml
from tool import IMPRINT, ROOT, Case

PAGE = (ROOT / "man" / "imprint-ci.7.scd").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", PAGE, re.S | re.M)
SCRIPTS = dict(re.findall(r"^\$ cat >(\w+\.sh) <<'END'\n(.*?)^END\n", PAGE, re.S | re.M))
PASSPHRASE = "seven wet oars"


def snippet(name):
    (block,) = [b for b in BLOCKS if b.startswith(f"# {name}\n")]
    return yaml.safe_load(block)


class Pipeline(Case):
    def setUp(self):
        """A repository: what git takes of a project whose devices were enrolled, and the scripts."""
        super().setUp()
        (self.dir / "bin").mkdir()
        (self.dir / "tmp").mkdir()
        # Each run of imprint leaves what other processes can see of it.
        self.write("bin/imprint", f'#!/bin/sh\n{{ echo "$*"; env; }} >>{self.dir}/seen\nexec {IMPRINT} "$@"\n', 0o755)
        self.env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}", "TMPDIR": str(self.dir / "tmp"), "GIT_CONFIG_GLOBAL": "/dev/null"}
        self.run_tool("init", "line")
        for path in ("owner.pem", "owner.pub", "factory.pem", "factory.pub", "seed.key"):
            (self.dir / "line" / path).unlink()
        for script, text in SCRIPTS.items():
            self.write(f"line/{script}", text)
        self.sh("line", f"printf '%s\\n' '{PASSPHRASE}' >passphrase.key; imprint keygen -o owner.pem --public owner.pub --pass-fd 0 <passphrase.key; "
                "imprint keygen -o factory.pem --public factory.pub; imprint keygen --type seed -o seed.key; "
                "imprint simulate --csv devices.csv --factory factory.pem -- imprint enroll -d all -o line.cards --factory factory.pub")
        self.sh("line", "git init -q && git add -A && git -c user.name=x -c user.email=x@y.example commit -qm line && git tag v7")
        (self.dir / "seen").unlink()

    def sh(self, folder, command, status=0, env=None):
        run = subprocess.run(["sh", "-ec", command], cwd=self.dir / folder, env={**self.env, **(env or {})}, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, status, f"{command}\n{run.stdout}\n{run.stderr}")
        return run

    def clone(self):
        """A job begins with a fresh copy."""
        shutil.rmtree(self.dir / "job", ignore_errors=True)
        self.sh(".", "git clone -q line job")
        return self.dir / "job"

    def secrets(self):
        def one_line(name):
            return base64.b64encode((self.dir / "line" / name).read_bytes()).decode()
        return {"OWNER_KEY": one_line("owner.pem"), "SEED": one_line("seed.key"), "OWNER_PASSPHRASE": PASSPHRASE}

    def reports(self, pattern):
        found = sorted(self.dir.glob(f"job/{pattern}"))
        self.assertTrue(found)
        for path in found:
            self.assertEqual(junit.mistakes_in(path.read_bytes()), [])
        return {path.stem: junit.cases(path.read_bytes()) for path in found}

    def unseen(self):
        """No secret was an argument of imprint, or in its environment; no key file is left."""
        seen = (self.dir / "seen").read_text()
        self.assertIn("pack sensor.yaml", seen)
        for value in self.secrets().values():
            self.assertNotIn(value, seen)
        self.assertEqual(list((self.dir / "tmp").iterdir()), [])

    def at_the_line(self):
        """The packages of the job, in the page's own words."""
        shutil.copy(self.dir / "job/line.packages", self.dir / "line")
        commands = re.findall(r"^\. \*(imprint (?:push|verify) .*)\*$", PAGE, re.M)
        self.assertEqual(len(commands), 2)
        claim = "imprint claim -k owner.pem --pass-fd 3 -d all --cards line.cards --factory factory.pub --evidence line.evidence 3<passphrase.key"
        self.write("line/station.sh", "\n".join(["set -e", claim, *commands]))
        run = self.sh("line", "imprint simulate --csv devices.csv --factory factory.pem -- sh station.sh")
        self.assertEqual(run.stdout.count("owned, domain 0 sequence 7, attested"), 8, run.stdout)

    def test_every_script_is_there(self):
        self.assertEqual(set(SCRIPTS), {"check.sh", "pack.sh"})

    def test_gitlab(self):
        jobs = snippet(".gitlab-ci.yml")
        self.assertEqual(set(jobs) - {"image"}, {"check", "pack"})
        self.assertEqual(jobs["pack"]["needs"], ["check"])
        self.clone()
        for command in jobs["check"]["script"]:
            self.sh("job", command)
        reports = self.reports(jobs["check"]["artifacts"]["reports"]["junit"])
        self.assertEqual({name: len(cases) for name, cases in reports.items()}, {"check": 9, "push": 8, "verify": 8})
        self.clone()
        for command in jobs["pack"]["script"]:
            self.sh("job", command, env={**self.secrets(), "CI_COMMIT_TAG": "v7"})
        self.assertEqual(jobs["pack"]["artifacts"]["paths"], ["line.packages"])
        rule = re.fullmatch(r"\$CI_COMMIT_TAG =~ /(.*)/", jobs["pack"]["rules"][0]["if"])[1]
        self.assertTrue(re.search(rule, "v7") and not re.search(rule, "v7-rc1") and not re.search(rule, ""))
        self.unseen()
        self.at_the_line()

    def test_github(self):
        jobs = snippet(".github/workflows/imprint.yml")["jobs"]
        for name, env in (("check", {}), ("pack", {"GITHUB_REF_NAME": "v7"})):
            self.clone()
            secrets = {f"${{{{ secrets.{k} }}}}": v for k, v in self.secrets().items()}
            for step in jobs[name]["steps"]:
                if "run" in step:
                    self.sh("job", step["run"], env={**env, **{k: secrets[v] for k, v in step.get("env", {}).items()}})
                elif step["uses"].startswith("actions/upload-artifact@"):
                    self.assertTrue(list(self.dir.glob(f"job/{step['with']['path']}")), step)
        self.assertEqual(jobs["pack"]["needs"], "check")
        self.unseen()
        self.at_the_line()

    def test_a_wrong_row_fails_the_check(self):
        job = self.clone()
        table = job / "devices.csv"
        table.write_text(table.read_text().replace("001010010000030", "001010010000031"))
        run = self.sh("job", "sh check.sh", status=3)
        self.assertIn("devices.csv:4:", run.stderr)

    def test_a_device_that_fails_is_in_the_report(self):
        job = self.clone()
        (job / "check.sh").write_text(SCRIPTS["check.sh"].replace("imprint simulate ", "imprint simulate --fault 3:lie:profile-id "))
        self.sh("job", "sh check.sh", status=12)
        failed = [(name, below[0][1]) for name, below in self.reports("scratch/*.xml")["push"] if below[0][0] == "failure"]
        self.assertEqual([name for name, _ in failed], ["imei 001010010000030 (sim/3)"])
        self.assertIn("profile", failed[0][1])

    def test_faults_as_the_page_names_them(self):
        good, bad = re.search(r"\*imprint simulate (--fault .*?)\* \.\.\. must pass, too; with \*(--fault .*?)\* it must fail", PAGE).groups()
        for faults, status in ((good, 0), (bad, 12)):
            job = self.clone()
            (job / "check.sh").write_text(SCRIPTS["check.sh"].replace("imprint simulate ", f"imprint simulate {faults} "))
            self.sh("job", "sh check.sh", status=status)

    def test_pack_without_what_it_needs(self):
        """A variable that the store does not give, a wrong passphrase, a tag that is no number: no packages, and no keys left."""
        for change, status in (({"OWNER_KEY": None}, None), ({"SEED": None}, None), ({"OWNER_PASSPHRASE": None}, None),
                               ({"OWNER_PASSPHRASE": "wrong"}, 6), ({"OWNER_KEY": "????"}, None), ({"SEED": ""}, 6)):
            with self.subTest(change):
                job = self.clone()
                secrets = {k: v for k, v in {**self.secrets(), **change}.items() if v is not None}
                run = subprocess.run(["sh", "pack.sh", "v7"], cwd=job, env={**self.env, **secrets}, capture_output=True, text=True, timeout=60)
                self.assertNotEqual(run.returncode, 0)
                if status:
                    self.assertEqual(run.returncode, status, run.stderr)
                self.assertFalse((job / "line.packages").exists())
                self.assertEqual(list((self.dir / "tmp").iterdir()), [])
        job = self.clone()
        for tag in ("", "v", "latest", "v1.2"):
            run = subprocess.run(["sh", "pack.sh", tag], cwd=job, env={**self.env, **self.secrets()}, capture_output=True, text=True, timeout=60)
            self.assertEqual((run.returncode, (job / "line.packages").exists()), (2, False), tag)


unittest.main()
