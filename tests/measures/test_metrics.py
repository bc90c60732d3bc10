"""Every formula by hand, null where it is undefined, and the numbers that others have published from the same formulas."""

import gzip
import json
import os
from pathlib import Path

import pytest

from scripts.measures import metrics

DATA = Path(os.environ.get("REHEARSAL_DATA", "../shared/data")) / "swe_bench_cl.json.gz"
# the benchmark authors' own run on django, memory off and on, as resolved issue numbers
OFF, ON = ("9296", "11163", "12419"), ("10914",)
DENSE = {1: {1: 1.0, 2: 0.0}, 2: {1: 0.0, 2: 1.0, 3: 1.0}, 3: {1: 0.5, 2: 1.0, 3: 0.0}}


def test_rates_leave_out_what_is_missing() -> None:
    assert metrics.resolve_rate([1, 0, None, 0]) == pytest.approx(1 / 3)
    assert metrics.test_pass_fraction([0.5, None, 1.0]) == 0.75


def test_forward_transfer_is_paired_by_task() -> None:
    base = {"a": 1.0, "b": 0.0, "c": None, "d": 1.0}
    adapted = {"a": 1.0, "b": 1.0, "c": 1.0, "e": 1.0}
    assert metrics.forward_transfer(base=base, adapted=adapted) == 0.5


def test_continual_measures_on_a_dense_matrix() -> None:
    assert metrics.plasticity(DENSE) == pytest.approx(2 / 3)
    assert metrics.forgetting(DENSE) == pytest.approx((0.5 + 0.0) / 2)
    assert metrics.stability(DENSE) == pytest.approx(0.75)
    assert metrics.backward_transfer(DENSE) == pytest.approx((-0.5 + 0.0) / 2)
    assert metrics.cl_f_beta(2 / 3, 0.75) == pytest.approx(2 * (2 / 3) * 0.75 / (2 / 3 + 0.75))


def test_the_papers_forgetting_looks_at_the_past_only() -> None:
    rises = {1: {1: 0.0}, 2: {1: 1.0, 2: 0.0}, 3: {1: 0.0, 2: 0.0, 3: 0.0}}
    assert metrics.forgetting(rises) == 0.5
    assert metrics.forgetting_paper(rises) == 0.0


def test_two_checkpoints_compare_origins_of_the_first_half() -> None:
    after = {10: {3: 0.9, 8: 0.7}, 20: {3: 0.6, 8: 0.7, 15: 0.8}}
    assert metrics.forgetting(after) == pytest.approx(0.15)
    assert metrics.forgetting_paper(after) == pytest.approx(0.15)
    assert metrics.backward_transfer(after) == pytest.approx(-0.15)
    assert metrics.plasticity(after) == pytest.approx(0.8)


def test_stream_transfer_uses_the_last_checkpoint_before_an_item() -> None:
    after = {2: {3: 1.0, 4: 0.0, 5: 1.0}, 4: {5: 1.0}}
    base = {3: 0.0, 4: 0.0, 5: 1.0}
    assert metrics.forward_transfer_stream(after, base) == pytest.approx((0.5 + 0.0) / 2)


def test_running_means_and_shares() -> None:
    assert metrics.aulc([1.0, 0.0, None, 1.0]) == pytest.approx((1 + 1 / 2 + 1 / 2 + 2 / 3) / 4)
    assert metrics.tool_efficiency([1.0, 3.0], [True, False]) == 0.25
    assert metrics.tool_efficiency_calls([True, False, False, True]) == 0.5
    assert metrics.tokens_per_resolved([100, 200, None], [1, 0, None]) == 300


@pytest.mark.parametrize(
    "undefined",
    [
        metrics.resolve_rate([]),
        metrics.resolve_rate([None]),
        metrics.test_pass_fraction([]),
        metrics.forward_transfer(base={"a": 1.0}, adapted={"b": 1.0}),
        metrics.forward_transfer_stream({}, {}),
        metrics.forward_transfer_stream({5: {1: 1.0, 5: 1.0}}, {1: 0.0}),
        *(
            measure({5: {1: 1.0}})
            for measure in (metrics.forgetting, metrics.forgetting_paper, metrics.backward_transfer)
        ),
        *(measure({5: {1: 1.0}}) for measure in (metrics.plasticity, metrics.stability)),
        metrics.forgetting({}),
        metrics.cl_f_beta(0.0, 0.0),
        metrics.cl_f_beta(None, 1.0),
        metrics.cl_f_beta(1.0, None),
        metrics.aulc([]),
        metrics.tool_efficiency([], []),
        metrics.tool_efficiency_calls([]),
        metrics.tokens_per_resolved([10.0], [0]),
    ],
)
def test_undefined_is_none(undefined: float | None) -> None:
    assert undefined is None


def django() -> list[str]:
    """Issue numbers of the published django sequence, in curriculum order."""
    sequences = json.loads(gzip.decompress(DATA.read_bytes()))["sequences"]
    tasks = next(sequence["tasks"] for sequence in sequences if sequence["repo"] == "django/django")
    return [task["metadata"]["instance_id"].rsplit("-", 1)[1] for task in tasks]


@pytest.mark.skipif(not DATA.exists(), reason="REHEARSAL_DATA has no swe_bench_cl.json.gz")
@pytest.mark.parametrize(
    "resolved, acc, aulc, f1, f_half, f_two",
    [
        (OFF, 0.06, 0.134830, 0.113208, 0.073892, 0.241935),
        (ON, 0.02, 0.053317, 0.039216, 0.024876, 0.092593),
    ],
)
def test_published_run_of_the_benchmarks_authors(
    resolved: tuple[str, ...], acc: float, aulc: float, f1: float, f_half: float, f_two: float
) -> None:
    stream = [float(issue in resolved) for issue in django()]
    assert len(stream) == 50 and metrics.resolve_rate(stream) == pytest.approx(acc)
    assert metrics.aulc(stream) == pytest.approx(aulc, abs=5e-7)
    stable = 1.0  # that run never went back to old tasks
    for beta, expected in ((1.0, f1), (0.5, f_half), (2.0, f_two)):
        assert metrics.cl_f_beta(metrics.mean(stream), stable, beta) == pytest.approx(expected, abs=5e-7)


@pytest.mark.skipif(not DATA.exists(), reason="REHEARSAL_DATA has no swe_bench_cl.json.gz")
def test_published_forward_transfer_over_the_stream() -> None:
    issues = django()
    base = {position: float(issue in OFF) for position, issue in enumerate(issues, 1)}
    after = {
        position - 1: {position: float(issue in ON)}
        for position, issue in enumerate(issues, 1)
        if position > 1
    }
    assert metrics.forward_transfer_stream(after, base) == pytest.approx(-0.0204082, abs=5e-8)


def test_arithmetic_of_the_earlier_implementation() -> None:
    tasks = [f"t{number}" for number in range(25)]
    base = {task: float(task in ("t1", "t2")) for task in tasks}
    assert metrics.forward_transfer(base=base, adapted=dict.fromkeys(tasks, 0.0)) == pytest.approx(-0.08)
    assert metrics.resolve_rate([1] * 3 + [0] * 12) == pytest.approx(0.2)
    assert round(100 * metrics.resolve_rate([1] * 4 + [0] * 11), 1) == 26.7
    union = {11066, 11099, 11451} | {11066, 11099, 11119, 11451} | {11099, 11119, 11451, 11603}
    assert metrics.resolve_rate([1] * len(union) + [0] * (15 - len(union))) == pytest.approx(5 / 15)
