"""A pytest plugin that writes the outcome of every test as a line of JSON, for run.ts."""

import json

# setuptools brings its own distutils and insists on being first; on Python 3.11 the fixtures import the old one.
import setuptools  # noqa: F401


def pytest_addoption(parser):
    parser.addoption("--outcomes", help="file that takes one JSON line per test")


def pytest_configure(config):
    path = config.getoption("--outcomes")
    if path:
        config.pluginmanager.register(Outcomes(path))


class Outcomes:
    def __init__(self, path):
        self.path = path
        self.worst = {}
        self.details = {}

    def pytest_runtest_logreport(self, report):
        # A test has three phases; a failing set-up or tear-down fails the test.
        outcome = "failed" if report.failed else "skipped" if report.skipped else "passed"
        order = ["passed", "skipped", "failed"]
        name = report.nodeid.split("::", 1)[1]
        before = self.worst.get(name, "passed")
        self.worst[name] = max(before, outcome, key=order.index)
        if outcome == "failed":
            self.details[name] = self.details.get(name, "") + report.longreprtext

    def pytest_sessionfinish(self):
        with open(self.path, "w", encoding="utf-8") as file:
            for name, outcome in self.worst.items():
                line = {"test": name, "outcome": outcome, "detail": self.details.get(name, "")}
                file.write(json.dumps(line) + "\n")
