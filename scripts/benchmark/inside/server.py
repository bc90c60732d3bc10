"""Runs a repository's tests in many forks of one process: its tests are collected once, each fork tries one thing.

Runs inside the sandbox with the repository's own interpreter (3.8 or newer): standard library and pytest only. A
request is a JSON object on standard input, the answers are JSON objects, one a line, on what was standard output.
"""

import gc
import json
import os
import random
import signal
import sys
import time
import types

import exchange
import fork
import notes
import pytest
import reach


def main():
    """Collect the tests, then do what is asked for."""
    request = json.loads(sys.stdin.readline())
    work = [json.loads(line) for line in sys.stdin]
    send = sender(os.dup(1))
    silence()
    send({"begin": True})
    for module in (exchange, fork, notes, reach):
        del sys.modules[module.__name__]  # the name is free for a module of the repository
    sys.path[0:1] = []
    sys.path.append(request["root"])
    sys.modules["__main__"] = types.ModuleType("__main__")
    server = Server(send, request, work)
    arguments = ["--rootdir", request["root"], "-o", "addopts=", "-p", "no:cacheprovider", "--tb=line"]
    if request["do"] == "probe":
        server.imported.start()
    signal.setitimer(signal.ITIMER_PROF, request["collecting"])  # either ends this process
    signal.setitimer(signal.ITIMER_REAL, 6 * request["collecting"])
    code = pytest.main([*arguments, "--continue-on-collection-errors", *request["files"]], plugins=[server])
    send({"end": int(code), "cpu": round(sum(os.times()[:4]), 2)})
    os._exit(0)


def sender(channel):
    """A function that writes one answer to a descriptor."""
    return lambda answer: os.write(channel, (json.dumps(answer) + "\n").encode())


def silence():
    """Whatever the tests print goes nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


class Server:
    """The pytest plugin that takes the place of its test loop."""

    def __init__(self, send, request, work):
        self.send, self.root, self.work, self.request = send, request["root"], work, request
        self.heard = None
        self.imported = reach.Lines(self.root, request.get("tests", []))
        self.notes = {}

    def pytest_collectreport(self, report):
        if report.failed:
            self.send({"broken": report.nodeid, "text": message(report)})

    def pytest_runtest_logreport(self, report):
        if self.heard:
            self.heard(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.items = {item.nodeid: item for item in session.items}
        factory = getattr(session.config, "_tmp_path_factory", None)
        if factory:
            factory.getbasetemp()  # one for all forks
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        self.places = exchange.functions(self.root)
        fork.adopt()
        gc.collect()
        gc.freeze()  # collections in forks then leave the memory shared that was there before
        getattr(self, self.request["do"])()
        return True

    def probe(self):
        """What happens without a mutation: in whole files, as the judge runs them, then test by test with its lines."""
        self.imported.stop()
        self.send({"imported": self.imported.ranges()})
        files = {}
        for nodeid, item in self.items.items():
            self.send({"test": nodeid, **where(item, self.root)})
            files.setdefault(nodeid.split("::")[0], []).append(nodeid)
        for name, tests in files.items():
            answers, ended = fork.child(lambda send, tests=tests: self.run(tests, send), *self.limits())
            self.send({"file": name, "reports": answers, "ended": ended})
            for test in tests:
                answers, ended = fork.child(lambda send, test=test: self.trace(test, send), *self.limits())
                self.send({"alone": test, "reports": answers, "ended": ended})

    def limits(self):
        return self.request["cpu"], self.request["wall"]

    def trace(self, test, send):
        lines = reach.Lines(self.root, self.request.get("tests", []))
        lines.start()
        try:
            self.run([test], send)
        finally:
            lines.stop()
        send({"lines": lines.ranges()})

    def run(self, tests, send, most=None, cpu=None):
        """Run tests in order and report every phase with the processor time since the test's start.

        Stops once more than `most` have failed; a test that takes more than its `cpu` seconds ends the process.
        """
        failed, start = set(), 0.0

        def heard(report):
            spent = round(time.process_time() - start, 4)
            send([report.nodeid, report.when, report.outcome, message(report), spent])
            if report.outcome == "failed":
                failed.add(report.nodeid)

        self.heard = heard
        items = [self.items[test] for test in tests if test in self.items]
        for item, following in zip(items, [*items[1:], None]):
            settle()
            send(["", "start", item.nodeid, "", 0])
            if cpu:
                signal.setitimer(signal.ITIMER_PROF, cpu[item.nodeid])
            start = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if most is not None and len(failed) > most:
                break

    def mutants(self):
        """Try every mutant of the request on its tests, and note what shows it."""
        for mutant in self.work:
            limits = sum(mutant["cpu"]), mutant["wall"]
            try:
                swaps = exchange.swaps(self.root, mutant, self.places)
            except exchange.Impossible as error:
                self.send({"mutant": mutant["id"], "impossible": str(error)})
                continue
            answers, ended = fork.child(lambda send, s=swaps, m=mutant: self.mutated(s, m, send), *limits)
            bad = {answer[0] for answer in answers if answer[2] == "failed"}
            failed = [test for test in mutant["tests"] if test in bad]
            shown = self.show(failed, swaps, limits) if ended and failed else None
            found = {"failed": failed, "ended": ended, "skipped": skipped(answers), "shown": shown}
            self.send({"mutant": mutant["id"], **found})

    def mutated(self, swaps, mutant, send):
        exchange.do(swaps)
        self.run(mutant["tests"], send, mutant["most"], dict(zip(mutant["tests"], mutant["cpu"])))

    def show(self, failed, swaps, limits):
        """What expressions of the first failing tests give with and without the mutation, where it differs."""
        found = []
        for test in failed[: self.request["shown"]]:
            notes.prepare(self.items[test])
            if test not in self.notes:
                self.notes[test] = fork.child(lambda send, t=test: self.note(t, [], send), *self.limits())[0]
            wrong = fork.child(lambda send, t=test: self.note(t, swaps, send), *limits)[0]
            found.append([test, notes.differences(self.notes[test], wrong)])
        return found

    def note(self, test, swaps, send):
        exchange.do(swaps)
        item = self.items[test]
        if notes.instrument(item, send):
            self.heard = None
            settle()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def settle():
    """The same random numbers in every fork, so that a test's outcome is the mutant's doing."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def skipped(answers):
    """Whether a test neither passed nor failed."""
    return any(answer[2] == "skipped" for answer in answers)


def where(item, root):
    """The file and line of a test function beneath its decorators, and whether it is one."""
    code = notes.code_of(item)
    path = os.path.relpath(code.co_filename, root) if code else ""
    return {"path": path, "line": code.co_firstlineno if code else 0}


def message(report):
    """The end of what went wrong, in a few words."""
    if report.passed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    told = str(crash.message if crash else report.longrepr)
    errors = [line[1:].strip() for line in told.splitlines() if line.startswith("E ")]
    return (errors[-1] if errors else told)[-300:]


if __name__ == "__main__":
    main()
