# SPDX-License-Identifier: Apache-2.0
"""What CI servers take for a JUnit report.

Elements and attributes as junit-10.xsd of Jenkins' xunit plugin has them; beyond it, what GitLab asks for: classname and
name together tell a case from all others, a failure is told by its text.
"""
import re
import xml.etree.ElementTree as xml

# Element: attributes that must be there, that may be there, elements below it, whether text may stand in it.
SCHEMA = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}, False),
    "testsuite": ({"name", "tests", "failures", "errors"},
                  {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
                  {"testsuite", "properties", "testcase", "system-out", "system-err"}, False),
    "properties": (set(), set(), {"property"}, False),
    "property": ({"name", "value"}, set(), set(), False),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "failure", "system-out", "system-err"}, False),
    "failure": (set(), {"type", "message"}, set(), True),
    "skipped": (set(), {"type", "message"}, set(), True),
    "system-out": (set(), set(), set(), True),
    "system-err": (set(), set(), set(), True),
}
TIME = re.compile(r"[0-9]{1,3}(,?[0-9]{3})*\.[0-9]{0,3}")


def check_element(element, mistakes):
    if element.tag not in SCHEMA:
        mistakes.append(f"no such element: {element.tag}")
        return
    required, allowed, children, text = SCHEMA[element.tag]
    have = set(element.attrib)
    mistakes += [f"{element.tag}: {name} is missing" for name in required - have]
    mistakes += [f"{element.tag}: {name} is not allowed" for name in have - required - allowed]
    if "time" in have and not TIME.fullmatch(element.get("time")):
        mistakes.append(f"{element.tag}: time {element.get('time')}")
    if not text and (element.text or "").strip():
        mistakes.append(f"{element.tag}: text")
    for child in element:
        if child.tag not in children:
            mistakes.append(f"{child.tag} in {element.tag}")
        if (child.tail or "").strip():
            mistakes.append(f"text behind {child.tag}")
        check_element(child, mistakes)


def check_counts(suite, mistakes):
    cases = suite.findall(".//testcase")
    for name, number in (("tests", len(cases)), ("failures", len(suite.findall(".//failure"))), ("errors", len(suite.findall(".//error"))),
                         ("skipped", len(suite.findall(".//skipped")))):
        if name in suite.attrib and suite.get(name) != str(number):
            mistakes.append(f"{suite.tag}: {name} is {suite.get(name)}, there are {number}")


def mistakes_in(content):
    """All that is wrong with the bytes of a report; it parses, or this raises."""
    root = xml.fromstring(content)
    mistakes = [] if root.tag in ("testsuites", "testsuite") else [f"root: {root.tag}"]
    check_element(root, mistakes)
    for suite in [root, *root.iter("testsuite")]:
        check_counts(suite, mistakes)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    mistakes += [f"two cases: {name}" for name in set(names) if names.count(name) > 1]
    mistakes += ["a failure without text" for failure in root.iter("failure") if not (failure.text or "").strip()]
    return mistakes


def cases(content):
    """Name, and (element, its text or message) of what stands in each case."""
    return [(case.get("name"), [(c.tag, c.text or c.get("message")) for c in case]) for case in xml.fromstring(content).iter("testcase")]
