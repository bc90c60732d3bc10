"""Seconds by stage, apart from everything that must repeat."""

import pytest

from scripts.statistics.phase_timing import job_row, merged, place, session_row, totals, verdict_row

ARM = "results/pocket/tiny/A/full-replay/skill"
NAMES = {"repo": "pocket", "model": "tiny", "split": "A", "recipe": "full-replay"}


@pytest.mark.parametrize(
    "path, expected",
    [
        (f"{ARM}/trajectories.timing.jsonl", NAMES | {"arm": "skill", "stage": "trajectories"}),
        ("benchmarks/pocket/tiny/A/full-replay/dataset.tsv", NAMES | {"stage": "dataset"}),
        (
            "benchmarks/pocket/tiny/A/full-replay/adapters/20.tsv",
            NAMES | {"stage": "training", "checkpoint": "20"},
        ),
        ("results/pocket/validation.csv", {"repo": "pocket", "stage": "validate"}),
        (
            "benchmarks/pocket/tiny/base/verdicts.tsv",
            {
                "repo": "pocket",
                "model": "tiny",
                "split": "",
                "recipe": "",
                "arm": "base",
                "stage": "verdicts",
            },
        ),
    ],
)
def test_a_path_names_its_place(path: str, expected: dict) -> None:
    assert place(path) == expected


def test_jobs_and_their_sessions_share_a_row_and_stages_add_up(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    benchmark = tmp_path / "benchmarks/pocket/tiny/A/full-replay/skill/trajectories.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\tmax_rss\tcpu_time\n30.0\t0:00:30\t500\t-\n")
    timing = {"instance_id": "a", "run": 0, "seconds": 20.0, "actions": [1.0, 3.0], "model_seconds": 15.0}
    session = {"instance_id": "a", "extra": {"run": 0, "actions": [{"success": True}, {"success": False}]}}
    rows = merged(
        [
            job_row(str(benchmark.relative_to(tmp_path))),
            session_row(f"{ARM}/trajectories.timing.jsonl", [timing], [session]),
            verdict_row(f"{ARM}/verdicts.timing.jsonl", [{"seconds": 2.0}]) | {"seconds": 10.0},
        ]
    )
    assert len(rows) == 2
    assert (rows[0]["seconds"], rows[0]["tool_efficiency"], rows[0]["model_seconds"]) == (30, 0.25, 15)
    assert rows[0]["cpu_seconds"] is None
    assert [(row["stage"], row["share"]) for row in totals(rows)] == [
        ("trajectories", 0.75),
        ("verdicts", 0.25),
    ]
