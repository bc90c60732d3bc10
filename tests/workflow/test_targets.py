"""The Snakefile itself: what the phases plan, and what a user reads who asks for what does not exist."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.benchmark.places import digest
from scripts.workflow.code import code_of
from scripts.workflow.names import anything_but, unknown_part
from tests.benchmark.published_data import VERIFIED, needs_data

ROOT = Path(__file__).parents[2]
MODEL = "results/pocket/smollm2-135m"


def jobs(done: subprocess.CompletedProcess) -> dict[str, int]:
    """Job counts of a dry run."""
    assert done.returncode == 0, done.stderr
    table = done.stdout.split("Job stats:")[1].split("total")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}


def test_phase2_runs_both_recipes_on_all_splits(snakemake):
    counts = jobs(snakemake("-n"))
    assert counts["base_trajectories"] == counts["expert_trajectories"] == counts["mine_pocket"] == 1
    assert counts["splits"] == 5
    assert counts["arm_trajectories"] == 10  # two recipes on five splits
    assert counts["runs"] == 11  # and the base
    assert counts["train"] == 2 * counts["retention"] == 20  # half and full
    assert counts["verdicts"] == 12  # the arms, the base and the expert
    assert counts["phase_summary"] == counts["phase_timing"] == 1


def test_phase1_runs_four_arms_and_both_controls_on_one_split(snakemake):
    counts = jobs(snakemake("-n", "phase1"))
    assert (counts["splits"], counts["arm_trajectories"], counts["train"], counts["index"]) == (1, 9, 6, 3)


def test_a_plain_start_takes_the_default_profile(snakemake):
    assert "scheduler" in (ROOT / "profiles/default/profile.yaml").read_text()
    assert "Using workflow specific profile" in snakemake("-n", "phase1").stderr


def test_the_profile_of_a_cluster_takes_the_place_of_the_default_one(snakemake, tmp_path):
    """As a --profile it would not: Snakemake lets the default one win, and neither the partition nor the GPUs would arrive."""
    lines = (ROOT / "profiles/slurm/profile.yaml").read_text().splitlines()
    lines = [line for line in lines if not line.startswith(("executor", "slurm-", "jobs"))]  # of the plugin
    profile = tmp_path / "cluster" / "profile.yaml"
    profile.parent.mkdir()
    profile.write_text("\n".join([*lines, "  slurm_partition: gpuq"]))
    arguments = ("-n", "--cores", "1", "--", "results/pocket/tasks.jsonl")
    assert "slurm_partition=gpuq" in snakemake("--workflow-profile", str(profile.parent), *arguments).stdout
    for file in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("studies/*.yaml")]:
        assert " --profile " not in file.read_text(), file


def test_smoke_is_small(snakemake):
    done = snakemake(
        "-n", "--configfile", str(ROOT / "studies/smoke.yaml"), "--", "results/phase2/summary.csv"
    )
    assert jobs(done)["arm_trajectories"] <= 4


UNKNOWN = [
    ("results/django/tasks.jsonl", "unknown repo 'django'. Fix: use one of pocket."),
    ("results/pocket/smolm/base/runs.csv", "unknown model 'smolm'. Fix: "),
    (
        f"{MODEL}/Z/full-replay/skill/runs.csv",
        "unknown split 'Z'. Fix: use one of A, B, C, D, E, base, expert, habits, imported.",
    ),
    (f"{MODEL}/A/full-repla/skill/runs.csv", "unknown recipe 'full-repla'. Fix: did you mean 'full-replay'?"),
]
UNKNOWN_TOO = [
    ("results/pocket/splits/Z.json", "unknown split file 'Z.json'. Fix: "),
    (f"{MODEL}/A/full-replay/skil/runs.csv", "unknown arm 'skil'. Fix: did you mean 'skill'?"),
    (f"{MODEL}/A/full-replay/adapters/7/card.json", "unknown checkpoint '7'. Fix: use one of 5, 10, 15, 16."),
    (f"{MODEL}/A/full-replay/skill/run.csv", "no rule makes 'run.csv' there. Fix: did you mean 'runs.csv'?"),
    ("results/pocket", "it is a folder. Fix: name a file in it: tasks.jsonl."),
    (
        "results/experiments",
        "it is a folder. Fix: name a file in it: docs/architecture.md says where files are.",
    ),
    ("results/phase7/summary.csv", "unknown phase 'phase7'. Fix: "),
    ("results/report.html", "no rule makes it: Snakemake writes it from finished results. Fix: make report."),
    (
        "results/pocket/tasks.json",
        "no rule makes 'tasks.json' there. Fix: did you mean 'tasks.jsonl'? Else use one of tasks.jsonl.",
    ),
    (f"{MODEL}/expert/official.csv", "no rule makes 'official.csv' there. Fix: use one of runs.csv."),
]


OUTPUTS = [
    ("results/{repo}/tasks.jsonl", "results/(?P<repo>pocket)/tasks.jsonl$"),
    ("results/{repo}/{sessions}/runs.csv", "results/(?P<repo>pocket)/(?P<sessions>.+)/runs.csv$"),
    ("results/{repo}/{sessions}/official.csv", "results/(?P<repo>django)/(?P<sessions>.+)/official.csv$"),
    ("results/{repo}/{sessions}/preds-{run}.jsonl", "results/(?P<repo>pocket)/(?P<sessions>.+)/preds-.+$"),
    ("results/{phase}/summary.csv", "results/(?P<phase>phase1)/summary.csv$"),
    ("results/cache/swebench/4c1f.json", "results/cache/swebench/4c1f.json$"),
    ("results/{unknown,(?!a/b).+}", "results/(?P<unknown>(?!a/b).+)$"),
]


@pytest.mark.parametrize(("target", "message"), UNKNOWN)
def test_an_unknown_name_is_told_with_those_that_exist(snakemake, tmp_path, target, message):
    done = snakemake("--cores", "1", target)
    assert done.returncode == 1
    assert f"error: {target}: {message}" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not list((tmp_path / ".snakemake" / "locks").glob("*"))


@pytest.mark.parametrize(("target", "message"), UNKNOWN + UNKNOWN_TOO)
def test_the_first_unknown_part_is_named(config, target, message):
    error = unknown_part(target.removeprefix("results/"), config, OUTPUTS)
    assert str(error).startswith(f"{target}: {message}")


def test_a_broken_overlay_is_refused_without_a_traceback(snakemake, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("recipes:\n  full-replay:\n    epochs: many\n")
    done = snakemake("-n", "--configfile", str(overlay))
    assert done.returncode == 1
    assert "mine.yaml, line 3, recipes.full-replay.epochs: 'many' does not fit" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_fallback_never_competes_with_a_rule():
    """Every path a rule makes is outside the fallback's pattern, everything else inside."""
    pattern = re.compile(
        anything_but([r"results/(?P<repo>a|b)/t\.csv$", r"results/x/(?P<n>\d+)/(?P=n)$", "logs/z$"])
    )
    assert not pattern.fullmatch("a/t.csv")
    assert not pattern.fullmatch("x/1/1")
    assert pattern.fullmatch("c/t.csv") and pattern.fullmatch("a/t.csv.bak") and pattern.fullmatch("z")


def test_a_changed_module_changes_the_code_of_its_room():
    assert code_of("verdicts") != code_of("training") != code_of("verdicts", "training")
    assert code_of("verdicts") == code_of("verdicts") and len(code_of("verdicts")) == 12


STUDY = """
repos:
  django: {source: swe-bench-cl, sequence: django/django, tasks: 50, order: chronological, code: archives, runtime: local}
benchmarks:
  swe-bench-cl: {from: verified, at: VERIFIED}
"""


@needs_data
def test_a_published_sequence_needs_nothing_but_the_rows(snakemake, tmp_path):
    overlay, target = tmp_path / "django.yaml", "results/django/sequence.json"
    overlay.write_text(STUDY.replace("VERIFIED", "$REHEARSAL_DATA/swebench_verified_500.jsonl.gz"))
    done = snakemake("--cores", "1", "--configfile", str(overlay), "--", target)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / target).read_text())["sequences"]
    assert (found["repo"], found["num_tasks"]) == ("django/django", 50)
    (source,) = json.loads((tmp_path / "results/cache/benchmarks/swe-bench-cl.sources.json").read_text())
    assert source["sha256"] == digest(VERIFIED)
    again = snakemake("-n", "--configfile", str(overlay), "--", target)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_benchmark_that_is_not_there_ends_the_first_job_with_a_remedy(snakemake, tmp_path):
    overlay = tmp_path / "django.yaml"
    overlay.write_text(STUDY.replace("VERIFIED", "nowhere.jsonl"))
    done = snakemake("--cores", "1", "--configfile", str(overlay), "--", "results/django/sequence.json")
    assert done.returncode == 1
    assert (
        "error: benchmarks.swe-bench-cl, nowhere.jsonl: it cannot be read (No such file or directory). Fix: "
        in done.stderr
    )
    assert done.stderr.count("nowhere.jsonl: it cannot be read") == 1, "told once"
    assert "Traceback" not in done.stderr + (tmp_path / "logs/swe_bench_cl.log").read_text()


def line_of(words: str) -> int:
    """The line of config.yaml that holds these words."""
    return next(
        n for n, line in enumerate((ROOT / "config.yaml").read_text().splitlines(), 1) if words in line
    )


def test_a_file_that_is_made_elsewhere_is_not_offered(snakemake):
    done = snakemake("-n", f"{MODEL}/expert/official.csv")
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "Fix: use one of preds.jsonl, report.json, runs.csv, summary.json, trajectories.jsonl" in said
    assert "official" not in said.split("Fix:")[1]


def test_a_phase_without_an_arm_is_refused_when_it_is_asked_for(snakemake, tmp_path):
    none = "{knowledge: [], skill: [], both: []}"
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"phases:\n  phase2:\n    runs: {{full-replay: {none}, expert-replay: {none}}}\n")
    done = snakemake("-n", "--configfile", str(overlay), "--", "report")
    assert done.returncode and "overlay.yaml, line 3, phases.phase2.runs: no arm of any recipe" in done.stderr
    assert "Traceback" not in done.stderr
    assert snakemake("-n", "--configfile", str(overlay), "--", "phase1").returncode == 0


def test_sessions_go_out_and_come_in_on_demand(snakemake, tmp_path):
    overlay, runs = tmp_path / "overlay.yaml", tmp_path / "runs"
    runs.mkdir()
    (runs / "a.traj.json").write_text("{}")
    overlay.write_text(
        "imports: {pocket: runs/*.traj.json}\nmodels: {smollm2-135m: {scaffold: bash, runs: 2}}\n"
    )
    targets = [f"{MODEL}/imported/preds.jsonl", f"{MODEL}/base/summary-1.json"]
    counts = jobs(snakemake("-n", "--configfile", str(overlay), "--", *targets))
    assert counts["imported_trajectories"] == counts["predictions"] == counts["predictions_of_run"] == 1
    assert counts["verdicts"] == 2
    overlay.write_text("imports: {pocket: runs/*.traj.json}\n")
    done = snakemake("-n", "--configfile", str(overlay), "--", targets[0])
    fault = "config.yaml, line {}, models.smollm2-135m.scaffold: imported sessions are bash commands"
    assert done.returncode and fault.format(line_of("scaffold: tools")) in done.stderr
    overlay.write_text("imports: {pocket: run/*.json}\nmodels: {smollm2-135m: {scaffold: bash}}\n")
    done = snakemake("-n", "--configfile", str(overlay), "--", targets[0])
    assert (
        done.returncode and "overlay.yaml, line 1, imports.pocket: no file fits 'run/*.json'" in done.stderr
    )


def test_the_expert_is_refused_a_scaffold_whose_commands_it_does_not_speak(snakemake, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("models: {smollm2-135m: {scaffold: bash}}\n")
    done = snakemake("-n", "--configfile", str(overlay), "--", f"{MODEL}/expert/trajectories.jsonl")
    fault = "overlay.yaml, line 1, models.smollm2-135m.scaffold: the expert's commands are not"
    assert done.returncode and fault in done.stderr
    assert "Traceback" not in done.stderr
