"""The official functions on files of ours. Run by the swebench environment in an empty folder, never imported.

In: argument 1, the folder of scripts/verdicts/official; standard input {predictions: path of preds.jsonl, instances: [task],
logs: {id: path of a test output}, report: path of our report.json}. Out: {reports: what get_eval_report says of each
prediction with its log, statuses: what get_resolution_status says of the tests in each of our reports, summary: what
make_run_report makes of our reports}.
"""

import contextlib
import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import bare

bare.prepare()
for name in ("docker", "docker.errors", "docker.models", "docker.models.containers"):
    sys.modules[name] = bare.Absent(name)

from swebench.harness.constants import END_TEST_OUTPUT, RUN_EVALUATION_LOG_DIR, START_TEST_OUTPUT
from swebench.harness.grading import get_eval_report, get_resolution_status
from swebench.harness.reporting import make_run_report
from swebench.harness.test_spec.test_spec import TestSpec
from swebench.harness.utils import get_predictions_from_file


def spec(instance):
    """The official specification of an instance, without the scripts that build its image."""
    blank = dict.fromkeys(TestSpec.__dataclass_fields__)
    return TestSpec(**{**blank, **{name: instance[name] for name in set(blank) & set(instance)}})


def log_of(path):
    """A test output as the official run leaves it in a file."""
    made = Path("test_output.txt")
    made.write_text(f"{START_TEST_OUTPUT}\n{Path(path).read_text()}\n{END_TEST_OUTPUT}\n")
    return str(made)


def lay_out(reports, predictions):
    """Our reports where an official run has its own: one file per instance."""
    for task, report in reports.items():
        model = predictions[task]["model_name_or_path"].replace("/", "__")
        folder = RUN_EVALUATION_LOG_DIR / "run" / model / task
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps({task: report}))


def main():
    """Grade the predictions that standard input names, and print what the official functions say."""
    asked = json.load(sys.stdin)
    instances = {each["instance_id"]: each for each in asked["instances"]}
    listed = get_predictions_from_file(asked["predictions"], "", "")
    predictions = {each["instance_id"]: each for each in listed}
    graded = {}
    for task, path in asked["logs"].items():
        graded |= get_eval_report(spec(instances[task]), predictions[task], log_of(path), True)
    ours = json.loads(Path(asked["report"]).read_text())
    lists = {task: report["tests_status"] for task, report in ours.items() if "tests_status" in report}
    statuses = {task: get_resolution_status(tests) for task, tests in lists.items()}
    lay_out(ours, predictions)
    with contextlib.redirect_stdout(sys.stderr):
        path = make_run_report(predictions, asked["instances"], "run") if predictions else None
    summary = json.loads(path.read_text()) if path else None
    json.dump({"reports": graded, "statuses": statuses, "summary": summary}, sys.stdout)


if __name__ == "__main__":
    main()
