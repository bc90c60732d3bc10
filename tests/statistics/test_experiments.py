"""An experiment's tables from matrices made by hand: every number here can be checked on paper."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scripts.measures.retention import COLUMNS
from scripts.measures.tables import to_csv
from scripts.report import experiment
from scripts.statistics import (
    chains,
    decay,
    experiment_curves,
    experiment_primary,
    experiment_rows,
    experiment_summary,
    experiment_timing,
    registered,
)
from scripts.statistics.chains import Kept
from scripts.statistics.comparisons import Settings
from scripts.workflow.experiments import variants

SETTINGS = Settings(alpha=0.05, draws=500, confidence=0.95, equivalence_margin=0.05, seed=0)
EXPERIMENT = {
    "title": "buffers", "hypothesis": "more is more", "repos": ["r"], "models": ["m"], "split": "S", "seeds": [0],
    "recipes": {"full": {}, "naive": {}, "partial": {"partial_replay.buffer": [2, 4, 8]}},
    "reference": "full", "baseline": "naive", "primary": "retention",
    "criteria": [
        {"name": "kept", "measure": "retention_share_of_reference", "of": "winner", "at_least": 0.8},
        {"name": "cheap", "measure": "cost_share_of_reference", "of": "winner", "at_most": 0.3},
        {"name": "shape", "measure": "decay", "of": "baseline", "equals": "flat"},
        {"name": "able", "measure": "capability_delta", "of": "winner", "at_least": -0.02},
    ],
}  # fmt: skip
# by checkpoint the retention of the origins 1 to 4; two sessions a consolidation
FULL = {2: [1.0, 1.0, 0.2, 0.2], 4: [1.0, 1.0, 1.0, 0.8]}
NAIVE = {2: [1.0, 0.8, 0.2, 0.2], 4: [0.4, 0.4, 1.0, 0.8]}
PARTIAL = {
    2: {2: [1.0, 0.8, 0.2, 0.2], 4: [0.4, 0.4, 1.0, 0.8]},
    4: {2: [1.0, 0.8, 0.2, 0.2], 4: [0.8, 0.8, 1.0, 0.8]},
}
PARTIAL[8] = PARTIAL[4]


def matrix(by_checkpoint, categories=("tool_usage", "workflow", "tool_usage", "workflow")):
    rows = [
        {"checkpoint": checkpoint, "origin": f"t{origin}", "origin_position": origin, "category": kind, "pairs": 1,
         "retention": value, "token_accuracy": value, "exact_action": float(value == 1), "nll": 1 - value}
        for checkpoint, values in by_checkpoint.items()
        for origin, (value, kind) in enumerate(zip(values, categories, strict=True), 1)
        if origin <= checkpoint
    ]  # fmt: skip
    return pd.DataFrame(rows)


def card(checkpoint, tokens, **notes):
    costs = {"tokens_read": tokens, "tokens_trained": tokens, "optimiser_steps": 4, "parameters": 100}
    recipe = {"strategy": "naive", "rank": 8}
    return {
        "checkpoint": checkpoint,
        "status": "trained",
        "reason": None,
        "recipe": recipe,
        "notes": notes,
        **costs,
    }


def made(variant, by_checkpoint, tokens, **notes):
    return Kept(
        "r", "m", variant, [card(2, tokens[0], **notes), card(4, tokens[1], **notes)], matrix(by_checkpoint)
    )


@pytest.fixture
def place():
    found = []
    for variant in variants(EXPERIMENT):
        size = variant.setting.get("partial_replay.buffer")
        values = {"full": FULL, "naive": NAIVE}.get(variant.parent) or PARTIAL[size]
        notes = {"buffer_pairs": size, "candidate_pairs": 6} if size else {}
        found.append([made(variant, values, (100, 200) if variant.parent == "full" else (30, 30), **notes)])
    return found


def test_the_rows(place):
    rows = {row["config"]: row for row in experiment_rows.rows(place, EXPERIMENT, SETTINGS)}
    naive, full, four = rows["naive"], rows["full"], rows["partial-buffer-4"]
    assert naive["retention"] == pytest.approx((0.4 + 0.4 + 1.0 + 0.8) / 4)
    # origins 3 and 4 were learned last and could not be forgotten yet
    assert naive["forgetting"] == pytest.approx(((1.0 - 0.4) + (0.8 - 0.4)) / 2)
    assert naive["forgetting_low"] == pytest.approx(0.4) and naive["forgetting_high"] == pytest.approx(0.6)
    assert full["forgetting"] == 0 and full["role"] == "reference" and naive["role"] == "baseline"
    assert naive["forgetting_nll"] == pytest.approx(0.5)
    assert naive["plasticity"] == pytest.approx((1.0 + 0.8 + 1.0 + 0.8) / 4)
    assert naive["backward_transfer"] == pytest.approx(-0.5)
    assert naive["backward_transfer_low"] == pytest.approx(-0.6)
    assert naive["backward_transfer_high"] == pytest.approx(-0.4)
    assert four["retention_share_of_reference"] == pytest.approx(0.85 / 0.95)
    assert four["cost_share_of_reference"] == pytest.approx(60 / 300)
    assert four["forgetting_reduction"] == pytest.approx(1 - 0.1 / 0.5)
    assert naive["retention_lowest_origin"] == pytest.approx(0.4)
    assert naive["worst_category"] == "tool_usage" and naive["worst_category_degradation"] == pytest.approx(
        0.6
    )
    assert naive["interference"] == pytest.approx((0.6 + 0.4) / 2)
    assert four["buffer_filled"] == "true" and rows["partial-buffer-8"]["buffer_filled"] == "false"
    assert naive["buffer_filled"] is None and naive["capability_delta"] is None


def test_a_share_above_the_base_begins_where_the_base_is(place):
    """Naive training keeps 68 % of full replay's retention, and of what full replay adds to the base's 35 % not half."""
    rows = experiment_rows.above_base(experiment_rows.rows(place, EXPERIMENT, SETTINGS), 0.35)
    shares = {row["config"]: row["retention_share_above_base"] for row in rows}
    assert shares["full"] == 1 and shares["naive"] == pytest.approx((0.65 - 0.35) / (0.95 - 0.35))
    unknown = experiment_rows.above_base(rows, None)
    assert {row["retention_share_above_base"] for row in unknown} == {None}


def test_information_is_gained_over_a_fixed_rank_of_the_same_budget():
    fixed = [
        {"strategy": "naive", "rank_at_end": rank, "information_per_parameter": 0.8 / rank, "retention": 0.8}
        for rank in (16, 32)
    ]
    adaptive = {"strategy": "adaptive_rank", "rank_at_end": 10, "information_per_parameter": 0.09}
    adaptive |= {"retention": 0.7, "budget": 16}
    gain = experiment_rows.information_gain(adaptive, fixed)
    assert gain == pytest.approx(0.09 / 0.05 - 1)
    assert experiment_rows.retention_gain(adaptive, fixed) == pytest.approx(-0.1)
    assert experiment_rows.information_gain({**adaptive, "budget": 64}, fixed) is None
    assert experiment_rows.retention_gain({**adaptive, "budget": 64}, fixed) is None


def test_a_winner_with_a_budget_is_compared_with_naive_training_at_that_rank():
    """The hypothesis is about the same total of ranks; a larger adapter would win by its size alone."""
    found = []
    block = {"ranks": [1, 4], "budget": 16}
    grid = {"naive": {}, "fixed": {"rank": [16]}, "adaptive": {}}
    for variant in variants({"recipes": grid, "seeds": [0]}):
        one = made(variant, {"naive": NAIVE, "fixed": PARTIAL[4]}.get(variant.parent, FULL), (30, 30))
        recipe = {"naive": {"rank": 8}, "fixed": {"rank": 16}}.get(variant.parent)
        recipe = recipe or {"strategy": "adaptive_rank", "rank": 8, "adaptive_rank": block}
        cards = [{**card, "recipe": {**card["recipe"], **recipe}} for card in one.cards]
        found.append([replace(one, cards=cards)])
    roles = {"reference": "none", "baseline": "naive", "controls": ["fixed"], "primary": "retention"}
    asked = [{"name": "n", "measure": "retention", "of": "winner", "at_least": 0.5}]
    block = {**EXPERIMENT, **roles, "criteria": asked, "recipes": grid}
    verdict = registered.verdict(found, experiment_rows.rows(found, block, SETTINGS), block, SETTINGS)
    assert (verdict["winner"], verdict["against"]) == ("adaptive", "fixed-rank-16")
    assert verdict["confirmation"]["baseline"] == pytest.approx(
        0.8
    )  # origins 2 and 4 at rank 16; 0.6 at rank 8
    assert verdict["criteria"][0]["naive_training"] == pytest.approx(0.8)
    without = [kept for kept in found if kept[0].variant.parent != "fixed"]
    verdict = registered.verdict(without, experiment_rows.rows(without, block, SETTINGS), block, SETTINGS)
    assert verdict["against"] == "naive" and verdict["confirmation"]["baseline"] == pytest.approx(0.6)


def test_naive_training_is_held_beside_a_mixture_in_its_categories():
    """The worst of five categories is worse than the worst of three by itself."""
    recipes = {"full": {}, "naive": {}, "mixture": {}}
    asked = [
        {"name": "n", "measure": "worst_category_degradation", "of": "winner", "at_most": 0.1},
        {"name": "m", "measure": "categories", "of": "baseline", "at_most": 5},
    ]
    block = {**EXPERIMENT, "recipes": recipes, "primary": "forgetting", "criteria": asked}
    kinds = ("tool_usage", "code_conventions", "tool_usage", "workflow") * 2
    before, after = [1.0] * 8, [1.0, 1.0, 1.0, 0.2, 1.0, 1.0, 1.0, 1.0]
    found = []
    for variant in variants(block):
        one = replace(made(variant, FULL, (30, 30)), matrix=matrix({8: before, 9: after}, kinds))
        cards = [{**card, "checkpoint": at} for card, at in zip(one.cards, (8, 9), strict=True)]
        if variant.parent == "mixture":
            recipe = {"strategy": "mole", "rank": 8, "mole": {"experts": 3}}
            cards = [{**card, "recipe": recipe} for card in cards]
        found.append([replace(one, cards=cards)])
    rows = experiment_rows.rows(found, block, SETTINGS)
    verdict = registered.verdict(found, rows, block, SETTINGS)
    # origins 2, 4, 6 and 8 confirm: code_conventions with workflow in it lost 0.8 of 4, workflow alone 0.8 of 2
    assert verdict["criteria"][0]["value"] == verdict["criteria"][0]["naive_training"] == pytest.approx(0.2)
    assert [row["categories"] for row in rows] == [5, 5, 3]
    assert next(row for row in rows if row["role"] == "baseline")[
        "worst_category_degradation"
    ] == pytest.approx(0.4)


def test_what_the_base_knows_is_averaged_over_the_seeds_of_a_session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, values in {"a": [0.2, 0.4, 0.3, 0.3], "b": [0.6, 0.4, 0.3, 0.7]}.items():
        base = matrix({4: values}).assign(checkpoint=0)
        Path(f"{name}.csv").write_text(to_csv(base.to_dict("records"), COLUMNS))
    block = {**EXPERIMENT, "seeds": [0, 1], "repos": ["r", "s"]}
    found = experiment_summary.known_before(block, ["a.csv", "b.csv", "b.csv", "b.csv"])
    assert found == pytest.approx([0.4, 0.5])


def test_a_candidate_that_learns_nothing_forgets_nothing_and_does_not_win():
    """As EWC with a huge lambda would: its forgetting is the least, and its plasticity too low."""
    block = {**EXPERIMENT, "primary": "forgetting", "criteria": []}
    numb = {2: [0.3, 0.3, 0.2, 0.2], 4: [0.3, 0.3, 0.3, 0.3]}
    values = (FULL, NAIVE, numb, PARTIAL[4], numb)
    place = [[made(variant, known, (30, 30))] for variant, known in zip(variants(block), values, strict=True)]
    rows = experiment_rows.rows(place, block, SETTINGS)
    assert rows[2]["forgetting"] == 0 < rows[3]["forgetting"]
    assert registered.verdict(place, rows, block, SETTINGS)["winner"] == "partial-buffer-4"


def test_a_value_of_a_grid_may_be_a_control_and_cannot_win(place):
    block = {**EXPERIMENT, "controls": [{"partial_replay.buffer": 4}]}
    rows = experiment_rows.rows(place, block, SETTINGS)
    assert [row["role"] for row in rows] == ["reference", "baseline", "candidate", "control", "candidate"]
    assert registered.verdict(place, rows, block, SETTINGS)["winner"] == "partial-buffer-2"


def test_nobody_wins_where_naive_training_failed(place):
    place[1][0].cards[1] |= {"status": "failed", "reason": "the loss did not fall"}
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    found = registered.verdict(place, rows, EXPERIMENT, SETTINGS)
    assert found["winner"] is None and {each["met"] for each in found["criteria"]} == {None}


def test_a_mixture_is_judged_by_the_categories_of_its_experts():
    (variant, *_) = variants(EXPERIMENT)
    known = {2: [1.0, 1.0, 0, 0], 4: [0.2, 1.0, 1.0, 1.0]}
    chain = made(variant, known, (1, 1))
    chain = replace(chain, matrix=matrix(known, ("navigation", "tool_usage", "workflow", "tool_usage")))
    assert experiment_rows.own([chain])["worst_category"] == "navigation"
    for card in chain.cards:
        card["recipe"] = {**card["recipe"], "mole": {"experts": 3}}
    found = experiment_rows.own([chain])
    assert found["worst_category"] == "tool_usage"
    assert found["worst_category_degradation"] == pytest.approx(0.4), "half as much: the other one kept all"


def test_chains_without_fisher_do_not_dilute_its_levels():
    block = {
        **EXPERIMENT,
        "recipes": {"full": {}, "naive": {}, "ewc": {"ewc.lambda": [0, 10], "ewc.samples": [5, 9]}},
    }
    place = [
        [made(variant, NAIVE if variant.setting.get("ewc.lambda") == 0 else FULL, (1, 1), fisher_samples=4)]
        for variant in variants(block)
    ]
    levels = experiment_curves.levels(place, block, SETTINGS)
    found = {(row["key"], row["level"]): (row["configs"], row["in_effect"], row["knee"]) for row in levels}
    assert found["ewc.lambda", 0][0] == 2
    assert found["ewc.samples", 5] == (1, 4, "true") and found["ewc.samples", 9] == (1, 4, "false")


def test_a_buffer_that_never_fills_cannot_win(place):
    for kept in place[3]:
        for one in kept.cards:
            one["notes"]["candidate_pairs"] = one["notes"]["buffer_pairs"]
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    assert registered.verdict(place, rows, EXPERIMENT, SETTINGS)["winner"] == "partial-buffer-2"


def test_criteria_of_the_winner_are_measured_on_origins_that_did_not_choose_it(place):
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    kept = registered.verdict(place, rows, EXPERIMENT, SETTINGS)["criteria"][0]
    assert rows[3]["retention_share_of_reference"] == pytest.approx(0.85 / 0.95)
    assert kept["value"] == pytest.approx(((0.8 + 0.8) / 2) / ((1.0 + 0.8) / 2))  # origins 2 and 4


def test_the_winner_is_chosen_on_odd_origins_and_confirmed_on_even_ones(place):
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    found = registered.verdict(place, rows, EXPERIMENT, SETTINGS)
    assert found["winner"] == "partial-buffer-4"
    confirmed = found["confirmation"]
    assert (confirmed["origins"], confirmed["winner"], confirmed["baseline"]) == (
        2,
        pytest.approx(0.8),
        pytest.approx(0.6),
    )
    assert confirmed["p"] == 1.0  # one of two origins differs: nothing can be said
    assert confirmed["difference"] == pytest.approx(0.2)
    assert 0 <= confirmed["difference_low"] <= 0.2 <= confirmed["difference_high"]
    met = {each["name"]: each["met"] for each in found["criteria"]}
    assert met == {"kept": True, "cheap": True, "shape": None, "able": None}
    assert "no capability benchmark" in found["criteria"][-1]["reason"]
    assert found["sentences"][1].startswith("kept: met")


@pytest.mark.parametrize("primary", ["forgetting", "forgetting_nll"])
def test_who_forgets_least_wins(place, primary):
    block = {**EXPERIMENT, "primary": primary}
    rows = experiment_rows.rows(place, block, SETTINGS)
    found = registered.verdict(place, rows, block, SETTINGS)
    assert found["winner"] == "partial-buffer-4" and found["confirmation"]["difference"] < 0


@pytest.mark.parametrize(
    ("limit", "value", "met"),
    [
        ({"at_least": 0.5}, 0.5, True),
        ({"at_least": 0.5}, 0.4, False),
        ({"at_most": 0.5}, 0.5, True),
        ({"at_most": 0.5}, 0.6, False),
        ({"equals": "flat"}, "flat", True),
        ({"equals": "flat"}, "cliff", False),
        ({"differs": "cliff"}, "flat", True),
        ({"differs": "cliff"}, "cliff", False),
    ],
)
def test_limits(limit, value, met):
    assert registered.meets(value, limit) is met


def test_the_fishers_share_is_what_was_read_beside_the_training(place):
    chain = place[1][0]
    cards = [
        {**card, "tokens_read": 150, "tokens_trained": 100, "notes": {"fisher_samples": 4}}
        for card in chain.cards
    ]
    assert experiment_rows.fisher_share([replace(chain, cards=cards)]) == pytest.approx(0.5)
    assert experiment_rows.fisher_share([chain]) is None


def test_seeds_of_a_configuration_stand_together():
    """Each by itself would make a repetition look like another configuration."""
    block = {**EXPERIMENT, "seeds": [0, 1]}
    kept = [replace(made(each, FULL, (1, 1)), repo=repo) for repo in ("r", "s") for each in variants(block)]
    assert [[len(group) for group in place] for place in experiment_summary.places(kept)] == [[2] * 5] * 2


def test_cards_are_in_the_order_of_their_checkpoints(tmp_path, monkeypatch):
    """Of numbers, not of words: 10 comes after 5."""
    monkeypatch.chdir(tmp_path)
    block = {**EXPERIMENT, "recipes": {"naive": {}}}
    paths = [Path(f"results/r/m/S/naive-seed-0/adapters/{number}/card.json") for number in (10, 5)]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(card(int(path.parent.name), 1)))
    Path("matrix.csv").write_text(to_csv(matrix(NAIVE).to_dict("records"), COLUMNS))
    (chain,) = experiment_summary.gathered(block, ["matrix.csv"], list(map(str, paths)))
    assert [one["checkpoint"] for one in chain.cards] == [5, 10]


def test_a_missed_criterion_is_not_met(place):
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    hard = {"name": "kept", "measure": "retention", "of": "winner", "at_least": 0.9}
    judged = registered.judged(hard, rows, rows[3], rows[1])
    assert judged["met"] is False
    assert (judged["value"], judged["naive_training"]) == pytest.approx((0.85, 0.65))
    assert registered.found_value(judged) == "retention of winner is 0.85, of naive training 0.65"


def test_a_chain_that_failed_has_a_reason_and_no_number(place):
    place[1][0].cards[1] |= {"status": "not_trained", "reason": "no usable trajectory"}
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    assert (rows[1]["status"], rows[1]["reason"]) == ("failed", "no usable trajectory")
    assert "retention" not in rows[1] and rows[2]["forgetting_reduction"] is None
    assert registered.verdict(place, rows, EXPERIMENT, SETTINGS)["confirmation"] is None


def test_a_failure_on_the_way_is_one_of_the_chain(place):
    place[1][0].cards[0] |= {"status": "failed", "reason": "the loss did not fall"}
    assert place[1][0].reason == "the loss did not fall"


def test_a_stream_may_begin_with_sessions_of_no_use(place):
    chain = place[1][0]
    chain.cards[0] |= {"status": "not_trained", "reason": "no usable trajectory", "notes": {}} | {
        "tokens_read": 0, "optimiser_steps": 0, "parameters": None
    }  # fmt: skip
    place[1][0] = replace(chain, matrix=chain.matrix[chain.matrix["checkpoint"] == 4])
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    assert (rows[1]["status"], rows[1]["tokens_read"]) == ("trained", 30)
    assert rows[1]["retention"] == pytest.approx(0.65)
    assert experiment_curves.curves(place, rows, SETTINGS)


def test_more_samples_than_replies_are_no_other_level(place):
    variant = place[0][0].variant
    group = [made(variant, FULL, (1, 1), fisher_samples=37)]
    assert [experiment_curves.in_effect("ewc.samples", level, group) for level in (64, 128)] == [37, 37]
    assert experiment_curves.in_effect("ewc.lambda", 10, group) == 10


def test_levels_and_their_knee(place):
    levels = experiment_curves.levels(place, EXPERIMENT, SETTINGS)
    assert [row["in_effect"] for row in levels] == [2, 4]
    assert [(row["level"], row["configs"], row["knee"]) for row in levels] == [
        (2, 1, "false"),
        (4, 1, "true"),
    ]  # the buffer of 8 never filled
    assert levels[0]["retention"] == pytest.approx(0.65) and levels[1]["retention"] == pytest.approx(0.85)


def test_levels_that_were_asked_nothing_have_no_knee():
    """A weak model repeats one action, and no turn can be asked: the tables came to nothing after all trainings."""
    assert experiment_curves.knee({2: {}, 4: {}}, {2: 2, 4: 4}) is None
    assert experiment_curves.knee({2: {}, 4: {1: 0.5}, 8: {1: 0.5}}, {2: 2, 4: 4, 8: 8}) == 4


def test_curves(place):
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    found = experiment_curves.curves(place, rows, SETTINGS)
    naive = {(p["curve"], p["x"]): p["value"] for p in found if p["config"] == "naive"}
    assert {p["x"]: p["value"] for p in found if p["curve"] == "forgetting_over_partial_replay.buffer"} == (
        pytest.approx({2: 0.5, 4: 0.1, 8: 0.1})
    )
    assert naive["retention_over_stream", 2] == pytest.approx(0.9)
    assert naive["retention_over_stream", 4] == pytest.approx(0.65)
    assert [naive["retention_of_origin", origin] for origin in (1, 2, 3, 4)] == pytest.approx(
        [0.4, 0.4, 1.0, 0.8]
    )
    assert naive["tokens_of_consolidation", 4] == 30 and naive[
        "retention_of_category", "workflow"
    ] == pytest.approx(0.6)


def test_seeds_are_averaged_by_origin():
    one, other = (made(None, values, (1, 1)) for values in (FULL, NAIVE))
    values = chains.over_seeds([one, other], lambda chain: chains.at_the_end(chain.after()))
    assert values == pytest.approx({1: 0.7, 2: 0.7, 3: 1.0, 4: 0.8})


def test_named_origins_are_the_specifications():
    assert chains.named_origins(20) == [1, 5, 10, 15, 20]
    assert chains.named_origins(2) == [1, 2]
    assert chains.near({2: 0.5, 4: 0.9}, 3) == 0.5


@pytest.mark.parametrize("truth", ["flat", "power law", "cliff"])
def test_the_shape_of_decay(truth):
    ages = np.repeat(np.arange(8), 12)
    shapes = {
        "flat": 0.8 + 0 * ages,
        "power law": 0.95 * (1.0 + ages) ** -0.4,
        "cliff": np.where(ages < 4, 0.9, 0.4),
    }
    noisy = shapes[truth] + np.random.default_rng(1).normal(0, 0.05, len(ages))
    assert decay.shape(ages, noisy)[0] == truth


def test_what_rises_later_is_no_cliff():
    """Full replay often knows a session better once it has seen others."""
    ages = np.repeat(np.arange(8), 12)
    rising = np.where(ages < 4, 0.6, 0.9) + np.random.default_rng(1).normal(0, 0.05, len(ages))
    assert decay.shape(ages, rising)[0] == "flat"


def test_hard_sessions_are_no_decay():
    """Nothing is ever forgotten; that the early sessions, which alone grow old, are known less is not their age."""
    known = [0.4, 0.5, 0.6, 0.8]
    chain = made(None, {2: known, 4: known}, (1, 1))
    later = chain.matrix[chain.matrix["checkpoint"] == 4]
    more = [later.assign(checkpoint=checkpoint) for checkpoint in (6, 8)]
    chain = replace(chain, matrix=pd.concat([chain.matrix, *more]))
    assert chains.decay_shape([chain]) == "flat"


def test_interference_counts_what_others_did():
    """Of two consolidations one learned the same category alone: what fell then is no interference."""
    kinds = ("workflow", "workflow", "workflow", "tool_usage")
    values = {1: [1.0, 0, 0, 0], 2: [1.0, 1.0, 0, 0], 3: [0.5, 0.5, 1.0, 0], 4: [0.4, 0.3, 1.0, 1.0]}
    chain = made(None, values, (1, 1))
    chain = replace(chain, matrix=matrix(values, kinds))
    assert chains.interference([chain], "workflow") == pytest.approx((0.1 + 0.2 + 0.0) / 3)
    assert chains.interference([chain], "tool_usage") is None


def test_too_few_ages_have_no_shape():
    assert decay.shape([0, 1, 0, 1], [1, 0.5, 1, 0.5]) == (None, {})


def test_compressions_count_what_they_left():
    notes = [
        {
            "rank_before": 8,
            "rank_after": 4,
            "before": {"t1": 0.8, "t2": None},
            "after": {"t1": 0.6, "t2": 0.9},
        },
        {"rank_before": 4, "rank_after": 2, "before": {"t3": 1.0}, "after": {"t3": 1.0}},
        {"rank_before": 2, "rank_after": 2, "before": {"t1": 0.1}, "after": {"t1": 0.1}},  # took nothing away
    ]
    kept = made(None, FULL, (1, 1))
    kept.cards[1]["notes"]["compressions"] = notes
    assert chains.compression_kept([kept]) == pytest.approx((0.6 + 1.0) / (0.8 + 1.0))
    assert chains.compression_ranks([kept]) == 0.5 and len(chains.compressions(kept)) == 2
    assert chains.compression_kept([kept.only(lambda origin: origin == 3)]) == 1.0  # the winner's half alone


@pytest.fixture
def files(tmp_path, monkeypatch, place):
    """(matrices, cards) of the chains, where the workflow would have them."""
    monkeypatch.chdir(tmp_path)
    matrices, cards = [], []
    for (kept,) in place:
        folder = tmp_path / "results/r/m/S" / kept.variant.recipe
        for one in kept.cards:
            path = folder / "adapters" / str(one["checkpoint"]) / "card.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(one))
            cards.append(str(path.relative_to(tmp_path)))
        (folder / "retention_matrix.csv").write_text(to_csv(kept.matrix.to_dict("records"), COLUMNS))
        matrices.append(str((folder / "retention_matrix.csv").relative_to(tmp_path)))
    return matrices, cards


def test_the_rule_from_files_and_the_same_bytes_again(tmp_path, files):
    matrices, cards = files
    names = {name: f"{name}.csv" for name in ("summary", "curves", "levels")} | {"verdict": "verdict.json"}
    rule = SimpleNamespace(
        rule="experiment_summary",
        log=["log"],
        input=SimpleNamespace(matrices=matrices, bases=["base.csv"], cards=cards),
        output=SimpleNamespace(**names),
        wildcards=SimpleNamespace(experiment="2"),
        params=SimpleNamespace(experiment=EXPERIMENT, statistics=vars(SETTINGS)),
    )
    base = matrix({4: [0.2, 0.4, 0.3, 0.3]}).assign(checkpoint=0)
    Path("base.csv").write_text(to_csv(base.to_dict("records"), COLUMNS))
    experiment_summary.main(rule)
    first = {name: (tmp_path / name).read_bytes() for name in names.values()}
    experiment_summary.main(rule)
    assert {name: (tmp_path / name).read_bytes() for name in names.values()} == first
    table = pd.read_csv("summary.csv").set_index("config")
    assert table.loc["naive", "forgetting"] == pytest.approx(0.5)
    assert table.loc["partial-buffer-4", "partial_replay.buffer"] == 4
    assert set(table["retention_base"]) == {0.3}
    assert table.loc["naive", "retention_share_above_base"] == pytest.approx((0.65 - 0.3) / (0.95 - 0.3))
    assert json.loads(first["verdict.json"])["places"][0]["winner"] == "partial-buffer-4"
    drawn(tmp_path, matrices)


def drawn(folder, matrices):
    """The figures are made from those tables, and are the same bytes again."""
    given = SimpleNamespace(summary="summary.csv", curves="curves.csv", matrices=matrices)
    output = SimpleNamespace(matrix="matrix.svg", comparison="comparison.svg")
    params = SimpleNamespace(experiment=EXPERIMENT, statistics=vars(SETTINGS))
    rule = SimpleNamespace(rule="experiment_figures", log=["log"], input=given, output=output, params=params)
    experiment.main(rule)
    first = [(folder / name).read_bytes() for name in vars(output).values()]
    assert all(b"</svg>" in content for content in first)
    experiment.main(rule)
    assert [(folder / name).read_bytes() for name in vars(output).values()] == first


def test_panels_show_every_checkpoint_whatever_the_others_measured():
    """Panels share their rows: a chain that broke off, drawn last, cut the others down to its own."""
    whole = matrix(FULL)
    short = whole[whole["checkpoint"] == 2]
    figure = experiment.matrix({"whole": whole, "short": short, "none": whole.head(0)})
    drawn_axes = [axis for axis in figure.axes if axis.get_title("left")]
    assert [axis.get_title("left") for axis in drawn_axes] == ["whole", "short", "none"]
    assert {tuple(axis.get_ylim()) for axis in drawn_axes} == {(1.5, -0.5)}
    assert [label.get_text() for label in drawn_axes[0].get_yticklabels()] == ["after 2", "after 4"]


def test_primary_tests_are_adjusted_over_all_experiments(place):
    rows = experiment_rows.rows(place, EXPERIMENT, SETTINGS)
    found = registered.verdict(place, rows, EXPERIMENT, SETTINGS)
    without = {**found, "winner": None, "confirmation": None}
    ps = [0.01, 0.04, None]
    verdicts = [
        {
            "experiment": str(n),
            "places": [{**found, "confirmation": {**found["confirmation"], "p": p}} if p else without],
        }
        for n, p in enumerate(ps, 2)
    ]
    table = experiment_primary.table(verdicts)
    assert [each["p_holm"] for each in table] == [pytest.approx(0.02), pytest.approx(0.04), None]
    assert (table[0]["experiment"], table[0]["winner"], table[0]["winner_value"]) == (
        "2",
        "partial-buffer-4",
        pytest.approx(0.8),
    )
    assert set(table[0]) == set(experiment_primary.COLUMNS)


def test_seconds_and_memory(tmp_path, files):
    _, cards = files
    for card in cards:
        (tmp_path / card).with_name("timing.csv").write_text(
            "part,seconds,tokens_read,max_rss_mb,gpu_mb\n"
            "fisher,2,,,\nloading,1,,,\nwhole,7,640,1234.5,812.5\n"
        )
    rows = experiment_timing.table([str(Path(card).with_name("timing.csv")) for card in cards], EXPERIMENT)
    assert len(rows) == 10
    first = rows[0]
    assert (first["config"], first["checkpoint"]) == ("full", "2")
    assert (first["seconds"], first["training_seconds"], first["fisher_overhead"]) == (6, 4, 0.5)
    assert (first["tokens_read"], first["max_rss_mb"], first["gpu_mb"]) == (640, 1234.5, 812.5)


def test_a_consolidation_without_a_training_has_no_cost(tmp_path, files):
    _, cards = files
    empty = (tmp_path / cards[0]).with_name("timing.csv")
    empty.write_text("part,seconds,tokens_read,max_rss_mb,gpu_mb\n")
    (row,) = experiment_timing.table([str(Path(cards[0]).with_name("timing.csv"))], EXPERIMENT)
    assert row["config"] == "full" and row["tokens_read"] is None and "seconds" not in row


def test_the_headline_says_what_naive_training_forgets(place):
    rows = pd.DataFrame(experiment_rows.rows(place, EXPERIMENT, SETTINGS))
    said = "Naive training forgets 50.0 points of retention, the reference 0.0"
    assert experiment.losses(rows) == said
