"""The official parsers and graders as a process: one JSON object a line in, one out. Run by the swebench environment.

In: {instance: {instance_id, repo, version, FAIL_TO_PASS, PASS_TO_PASS}, log}. Out: {status: {test: PASSED | FAILED |
SKIPPED | ERROR | XFAIL}, report: what get_eval_tests_report says}, or {error: what the parser raised}.
"""

import json
import os
import sys

import bare

bare.prepare()

from swebench.harness.constants import FAIL_ONLY_REPOS, EvalType
from swebench.harness.grading import get_eval_tests_report
from swebench.harness.log_parsers import MAP_REPO_TO_PARSER


def grade(instance, log):
    """The official reading of a log, whose every character came from the test command."""
    status = MAP_REPO_TO_PARSER[instance["repo"]](log, None)
    kind = EvalType.FAIL_ONLY if instance["repo"] in FAIL_ONLY_REPOS else EvalType.PASS_AND_FAIL
    report = get_eval_tests_report(status, instance, eval_type=kind)
    return {"status": status, "report": report}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a parser prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = grade(request["instance"], request["log"])
        except Exception as problem:  # of this log; a process that ends says nothing about it
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
