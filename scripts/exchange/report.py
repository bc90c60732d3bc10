"""Sessions and verdicts in the words of SWE-bench: predictions, a report per instance, the summary of a run.

Layouts: swebench 4.1.0, `harness.grading.get_eval_report` (report.json) and `harness.reporting.make_run_report` (the
summary, schema_version 2; what it says of containers is left out).
"""

from collections.abc import Sequence

Session = dict
Verdict = dict
KINDS = ("FAIL_TO_PASS", "PASS_TO_PASS", "FAIL_TO_FAIL", "PASS_TO_FAIL")


def prediction(session: Session, name: str) -> dict:
    """A session's patch under the name of who made it; a patch of nothing but white space is the empty one."""
    patch = session["extra"]["patch"]
    return {
        "instance_id": session["instance_id"],
        "model_name_or_path": name,
        "model_patch": patch if patch.strip() else "",
    }


def report(verdict: Verdict) -> dict:
    """The report of one instance with a patch, as the official graders write it.

    Test lists stand in it where they decide: all passed if and only if resolved. They do not where the patch does not
    apply, or the run was stopped before its end; officially, such a run has `patch_successfully_applied` false too.
    """
    found = {
        "patch_is_None": False,
        "patch_exists": True,
        "patch_successfully_applied": False,
        "resolved": False,
    }
    tests = status(verdict)
    whole = not any(tests[kind]["failure"] for kind in KINDS)
    if verdict["verdict"] == "patch_does_not_apply" or whole != verdict["resolved"]:
        return found
    return found | {
        "patch_successfully_applied": True,
        "resolved": verdict["resolved"],
        "tests_status": tests,
    }


def status(verdict: Verdict) -> dict[str, dict[str, list[str]]]:
    """Which tests came out as they should; the last two kinds are empty, as in every official report."""
    ours = {"FAIL_TO_PASS": verdict["fail_to_pass"], "PASS_TO_PASS": verdict["pass_to_pass"]}
    nothing = {"passed": [], "failed": []}
    lists = {kind: ours.get(kind, nothing) for kind in KINDS}
    return {kind: {"success": each["passed"], "failure": each["failed"]} for kind, each in lists.items()}


def export(
    sessions: Sequence[Session], verdicts: Sequence[Verdict], name: str
) -> tuple[list[dict], dict[str, dict], dict]:
    """(predictions, reports by instance, summary) of one run of each task.

    A session that infrastructure broke has no prediction: it is incomplete, not wrong. A patch whose tests
    infrastructure broke has no report: it is an error. An empty patch has none either.
    """
    predictions = [
        prediction(session, name) for session in sessions if session["extra"]["infrastructure"] is None
    ]
    judged = {verdict["instance_id"]: verdict for verdict in verdicts}
    patched = [each["instance_id"] for each in predictions if each["model_patch"]]
    reports = {task: report(judged[task]) for task in patched if judged[task]["resolved"] is not None}
    return (
        predictions,
        reports,
        summary([session["instance_id"] for session in sessions], predictions, reports),
    )


def summary(tasks: Sequence[str], predictions: Sequence[dict], reports: dict[str, dict]) -> dict:
    """What the official summary counts and lists, over the tasks that were to be played."""
    submitted = {each["instance_id"] for each in predictions}
    empty = {each["instance_id"] for each in predictions if not each["model_patch"]}
    lists = {
        "completed": set(reports),
        "incomplete": set(tasks) - submitted,
        "empty_patch": empty,
        "submitted": submitted,
        "resolved": {task for task, each in reports.items() if each["resolved"]},
        "unresolved": {task for task, each in reports.items() if not each["resolved"]},
        "error": submitted - empty - set(reports),
    }
    counts = {f"{name}_instances": len(ids) for name, ids in lists.items() if name != "incomplete"}
    named = {f"{name}_ids": sorted(ids) for name, ids in lists.items()}
    return {"total_instances": len(set(tasks)), **counts, **named, "schema_version": 2}
