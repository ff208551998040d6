# SPDX-License-Identifier: Apache-2.0
"""unittest in the Test Anything Protocol, a line as soon as a case is over."""
import sys
import time
import unittest


class Result(unittest.TestResult):
    number = 0

    def startTest(self, test):
        super().startTest(test)
        self.began, self.troubles = time.monotonic(), []

    def addFailure(self, test, err):
        self.troubles.append(self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            self.troubles.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        self.troubles.append(f"skipped: {reason}")

    def stopTest(self, test):
        self.number += 1
        name = test.id().split(".", 1)[1]
        for trouble in self.troubles:
            for line in trouble.splitlines():
                print("#", line)
        word = "not ok" if self.troubles else "ok"
        print(f"{word} {self.number} - {name}, {time.monotonic() - self.began:.1f} s", flush=True)


def main(without=()):
    """The cases that the arguments name; or all, without those of some classes."""
    load, module = unittest.defaultTestLoader, __import__("__main__")
    for name in () if sys.argv[1:] else without:
        delattr(module, name)
    suite = load.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else load.loadTestsFromModule(module)
    print(f"1..{suite.countTestCases()}", flush=True)
    suite.run(Result())
