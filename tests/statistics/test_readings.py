"""The phase's criteria, read from numbers."""

import pytest

from scripts.statistics import readings
from tests.statistics.simulate import SETTINGS

ROW = {
    **{
        "repo": "pocket",
        "model": "tiny",
        "recipe": "expert-replay",
        "arm": "skill",
        "splits": 5,
        "tasks": 40,
    },
    **{"resolve_rate_base": 0.05, "resolve_rate": 0.3, "effect": 0.25, "ci_low": 0.1, "ci_high": 0.4},
    **{
        "p_permutation": 0.001,
        "p_holm": 0.001,
        "p_equivalence": 0.9,
        "minimum_detectable_effect": 0.19,
        "missing_pairs": 0,
        "reason": "",
    },
    **{f"forward_transfer_{split}": 0.2 for split in "ABCDE"},
    **{
        "forward_transfer_mean": 0.2,
        "forward_transfer_variance": 0.0,
        "positive_splits": 5,
        "reading": "robust",
    },
}


@pytest.mark.parametrize(
    "gains, reading",
    [
        ([0.1, 0.1, 0.1, 0.1, -0.1], "robust"),
        ([0.1, 0.1, 0.1, 0.0, -0.1], "weak"),
        ([0.1, 0.1, 0.0, 0.0, 0.0], "weak"),
        ([0.1, 0.0, 0.0, 0.0, 0.0], "not working"),
        ([0.1, 0.1, 0.1, 0.1, None], "robust"),
        ([0.1, 0.1, 0.1, None, None], "undecided"),
        ([0.1, 0.1, -0.1, -0.1, None], "weak"),
        ([0.1], "undecided"),
        ([-0.1] * 4, "undecided"),
        ([0.1] * 4 + [-0.1] * 4, "undecided"),
        ([None] * 5, None),
    ],
)
def test_the_seeds_rule(gains: list, reading: str | None) -> None:
    assert readings.seeds_rule(gains) == reading


def test_the_seeds_rule_comes_with_its_false_positive_rate() -> None:
    assert readings.false_positive_rate("robust") == pytest.approx(6 / 32)
    assert readings.false_positive_rate("weak") == pytest.approx(26 / 32)
    assert "at least 19 % of null effects" in readings.sentence(5, ROW, SETTINGS)


def test_a_sentence_says_effect_interval_p_and_reach() -> None:
    said = readings.sentence(5, ROW, SETTINGS)
    for part in (
        "30.0 % against 5.0 %",
        "+25.0 points",
        "+10.0 to +40.0",
        "40 tasks",
        "p = 0.001",
        "a gain",
        "19 points",
    ):
        assert part in said


@pytest.mark.parametrize(
    "change, said",
    [
        ({"effect": -0.2}, "a loss"),
        ({"p_holm": 0.6, "p_equivalence": 0.01}, "no effect larger than 5 points"),
        ({"p_holm": 0.6}, "neither an effect nor its absence is shown"),
        ({"p_permutation": 0.03, "p_holm": 0.06}, "permutation p = 0.03, 0.06 after Holm): neither"),
        ({"reading": "undecided", "splits": 6}, "in 5 of 6 splits: the seeds' rule is about 5."),
        ({"missing_pairs": 3}, "3 pairs missing"),
        ({"effect": None, "reason": "A: not trained: no data"}, "no result, A: not trained: no data"),
    ],
)
def test_other_sentences(change: dict, said: str) -> None:
    assert said in readings.sentence(5, ROW | change, SETTINGS)


def test_several_tests_are_judged_by_the_adjusted_p() -> None:
    row = ROW | {"p_permutation": 0.03, "p_holm": 0.06}
    assert readings.criteria(5, row, SETTINGS)["significant"] is False
    assert readings.positive_control(row, SETTINGS)["holds"] is False
    assert readings.criteria(5, ROW | {"p_holm": None}, SETTINGS)["significant"] is None


def test_one_split_is_a_direction_and_no_robustness() -> None:
    row = ROW | {"reading": "undecided", "splits": 1}
    assert readings.criteria(1, row, SETTINGS) == {"positive": True, "significant": True, "equivalent": False}
    assert readings.criteria(5, row, SETTINGS)["robust"] is None
    assert "a direction, not evidence" in readings.sentence(1, row, SETTINGS)


def test_the_positive_control_needs_significance_and_no_negative_split() -> None:
    assert readings.positive_control(ROW, SETTINGS)["holds"]
    assert not readings.positive_control(ROW | {"forward_transfer_C": -0.05}, SETTINGS)["holds"]
    assert not readings.positive_control(ROW | {"p_holm": 0.2}, SETTINGS)["holds"]
    assert readings.positive_control(None, SETTINGS)["holds"] is None


def test_one_split_leaves_the_positive_control_open_unless_it_is_negative() -> None:
    one = ROW | {f"forward_transfer_{split}": None for split in "BCDE"} | {"p_holm": 0.125}
    control = readings.positive_control(one, SETTINGS)
    assert control["holds"] is None
    assert "undecided" in control["sentence"]
    assert readings.positive_control(one | {"p_holm": 0.01}, SETTINGS)["holds"]
    assert readings.positive_control(one | {"forward_transfer_A": -0.05}, SETTINGS)["holds"] is False


def test_the_negative_control_must_stay_below_the_expert() -> None:
    permuted = ROW | {"recipe": "permuted-replay", "effect": 0.0, "ci_low": -0.09, "ci_high": 0.09}
    assert readings.negative_control(permuted, ROW)["holds"]
    assert readings.negative_control(permuted, None)["holds"] is None


def test_a_negative_control_above_the_expert_is_undecided_where_it_gained_nothing_and_fails_where_it_did() -> (
    None
):
    permuted = ROW | {"recipe": "permuted-replay", "effect": 0.0, "ci_low": -0.25, "ci_high": 0.25}
    control = readings.negative_control(permuted, ROW)
    assert control["holds"] is None
    assert control["sentence"].startswith(
        "Negative control is undecided on so few tasks: upper bound +25.0 points"
    )
    assert readings.negative_control(permuted | {"effect": 0.1, "ci_low": 0.01}, ROW)["holds"] is False
    assert readings.negative_control(permuted | {"effect": ROW["effect"]}, ROW)["holds"] is False
