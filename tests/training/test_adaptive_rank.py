"""The smallest sufficient rank, sums that stay exact, and a budget that holds."""

import json

import numpy as np
import pytest
import torch

from scripts.training import lora, merge
from scripts.training.strategies import Lesson, adaptive_rank, seed_of
from scripts.training.strategies.adaptive_rank import Part
from tests.training.tiny import MODEL, RECIPE, checkpoint, examples

OWN = {
    "ranks": [1, 2, 4],
    "probe": "session",
    "budget": 6,
    "trigger": 1.0,
    "target_rank": 2,
    "merge": 2,
    "weights": "sum",
}
BLOCK = {**RECIPE, "epochs": 2, "strategy": "adaptive_rank", "adaptive_rank": OWN}


def lesson(before, first, last, **own):
    rows = [{**row, "row": number} for number, row in enumerate(examples(last))]
    return Lesson(
        rows,
        first,
        before,
        {**BLOCK, "adaptive_rank": {**OWN, **own}},
        lambda: lora.base_model(checkpoint(), MODEL),
        lambda texts: None,
    )


def test_the_smallest_rank_within_one_standard_error_of_the_best():
    losses = {
        1: [3.0, 3.2, 2.9, 3.1],
        2: [2.02, 2.2, 1.9, 2.1],
        4: [2.0, 2.1, 2.0, 2.05],
        8: [2.1, 2.2, 2.1, 2.2],
    }
    assert adaptive_rank.sufficient(losses) == 2
    assert adaptive_rank.sufficient({1: [1.0, 1.0], 2: [1.0, 1.0]}) == 1
    assert adaptive_rank.sufficient({1: [2.0], 2: [1.0]}) == 2


@pytest.mark.parametrize("planted", [1, 2, 4])
def test_it_finds_a_planted_rank(planted):
    """Low-rank regression: outputs are those of a planted update with noise, fits of every rank are the optimal ones."""
    rng = np.random.default_rng(planted)
    update = rng.normal(size=(24, planted)) @ rng.normal(size=(planted, 32)) / np.sqrt(planted)
    seen, asked = rng.normal(size=(2000, 32)), rng.normal(size=(400, 32))
    noisy = seen @ update.T + rng.normal(size=(2000, 24))
    solved, *_ = np.linalg.lstsq(seen, noisy, rcond=None)
    fitted = {"layer": (torch.eye(32), torch.tensor(solved.T))}
    truth = asked @ update.T + rng.normal(size=(400, 24))
    losses = {}
    for rank in (1, 2, 4, 8, 16):
        a, b = (part.double().numpy() for part in merge.truncated(fitted, rank)["layer"])
        losses[rank] = ((asked @ (b @ a).T - truth) ** 2).mean(axis=1).tolist()
    assert adaptive_rank.sufficient(losses) == planted


def test_a_session_gets_the_planted_rank(monkeypatch):
    """Of adapters of every rank that were trained, the one whose losses on the judges say that it is enough."""
    planted = {1: [2.0, 2.1], 2: [1.0, 1.1], 4: [1.0, 1.05]}
    judged = {}

    def losses(model, asked):
        rank = model.peft_config["default"].r
        judged[rank] = {row["instance_id"] for row in asked}
        return planted[rank]

    monkeypatch.setattr(adaptive_rank.lora, "losses", losses)
    given = lesson({}, 0, 3)
    group = [row for row in given.rows if row["position"] == 2]
    rank, means, files, steps, read = adaptive_rank.probe(given, {}, group)
    assert (rank, lora.config_of(files)["r"]) == (2, 2)
    assert means == pytest.approx({"1": 2.05, "2": 1.05, "4": 1.025})
    others = {row["instance_id"] for row in given.rows} - {group[0]["instance_id"]}
    assert judged == {1: others, 2: others, 4: others}
    assert read > sum(step.tokens for step in steps)


@pytest.mark.parametrize(("weights", "factor"), [("sum", 1.0), ("mean", 0.5)])
def test_compression_sums_the_oldest_exactly_and_leaves_the_rest_alone(weights, factor):
    torch.manual_seed(0)
    parts = [Part(["a"], 2), Part(["b"], 3), Part(["c"], 4)]
    made = {"layer": (torch.randn(9, 20), torch.randn(16, 9))}
    kept, smaller = adaptive_rank.compressed(parts, made, count=2, rank=2, weights=weights)
    assert [(part.sessions, part.rank) for part in kept] == [(["a", "b"], 2), (["c"], 4)]
    a, b = (part.double().numpy() for part in made["layer"])
    left, values, right = np.linalg.svd(b[:, :5] @ a[:5])
    best = left[:, :2] * values[:2] @ right[:2]
    small_a, small_b = (part.double().numpy() for part in smaller["layer"])
    assert np.allclose(small_b[:, :2] @ small_a[:2], factor * best, atol=1e-5)
    assert np.array_equal(small_a[2:], a[5:])
    assert np.array_equal(small_b[:, 2:], b[:, 5:])
    assert kept[0].energy == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())


def test_a_stream_of_sessions_stays_within_the_budget_and_names_them_all():
    tight = {"budget": 3, "target_rank": 1}
    first = adaptive_rank.learn(lesson({}, 0, 3, **tight))
    second = adaptive_rank.learn(lesson(first.files, 3, 5, **tight))
    for learned, sessions in ((first, 3), (second, 5)):
        parts = json.loads(learned.files[adaptive_rank.PARTS])
        config = lora.config_of(learned.files)
        assert sum(part["rank"] for part in parts) == config["r"] == learned.notes["rank"] <= 3
        assert config["lora_alpha"] == 2 * config["r"]
        assert sum(len(part["sessions"]) for part in parts) == sessions
    made = [*first.notes["compressions"], *second.notes["compressions"]]
    assert any(each["rank_after"] < each["rank_before"] for each in made)
    for each in made:
        assert 0 < each["energy"] <= 1
        assert list(each["before"]) == list(each["after"]) == each["sessions"]
        assert all(0 <= value <= 1 for value in (*each["before"].values(), *each["after"].values()))


@pytest.mark.parametrize(
    ("ranks", "merge", "count"),
    [([16, 16, 16], 4, 2), ([16, 16, 16], 2, 2), ([16, 16], 2, 1), ([4, 16], 2, 2), ([2, 1, 16], 2, 3)],
)
def test_the_newest_part_is_merged_only_where_the_others_have_nothing_left(ranks, merge, count):
    """What was just learned stays whole, as the specification wants of recent sessions."""
    parts = [adaptive_rank.Part([str(number)], rank) for number, rank in enumerate(ranks)]
    assert adaptive_rank.merged(parts, {"merge": merge, "target_rank": 4}) == count


def test_every_part_begins_with_weights_of_its_own(monkeypatch):
    seeds, real = [], lora.with_new_adapter
    monkeypatch.setattr(
        lora, "with_new_adapter", lambda model, recipe: seeds.append(recipe["seed"]) or real(model, recipe)
    )
    given = lesson({}, 0, 2)
    for group in (given.rows[:1], given.rows[1:], given.rows[:1]):
        adaptive_rank.on_top(given, {}, group, 1)
    assert seeds[0] == seeds[2] != seeds[1]
    assert seed_of(0, "one", 0) != seed_of(1, "one", 0)


def test_a_compression_notes_what_was_known_before_and_after_it(monkeypatch):
    """Asked of the adapter as it was and as it became; asked twice of one of them nothing would ever be lost."""

    def ranks(_, held, sessions):
        return dict.fromkeys(sessions, lora.config_of(held)["r"])

    monkeypatch.setattr(adaptive_rank, "known", ranks)
    notes = adaptive_rank.learn(lesson({}, 0, 3, budget=2, target_rank=1)).notes["compressions"]
    assert any(note["rank_before"] > note["rank_after"] for note in notes)
    for note in notes:
        fallen = {note["before"][session] - note["after"][session] for session in note["sessions"]}
        assert fallen == {note["rank_before"] - note["rank_after"]}


def test_ranks_are_tried_without_what_the_judges_taught(monkeypatch):
    given, seen, real = lesson({}, 0, 2), [], adaptive_rank.on_top
    held = lora.saved(real(given, {}, given.rows[:1], 2)[0])
    monkeypatch.setattr(
        adaptive_rank, "on_top", lambda one, before, *rest: seen.append(before) or real(one, before, *rest)
    )
    adaptive_rank.probe(given, held, given.rows[1:])
    assert [before is held for before in seen] == [False] * 3 + [True]


def test_the_trigger_is_a_share_of_the_budget():
    parts = [Part(["a"], 2), Part(["b"], 2)]
    assert adaptive_rank.too_many(parts, {"trigger": 0.5, "budget": 6})
    assert not adaptive_rank.too_many(parts, {"trigger": 1.0, "budget": 6})


def test_what_peft_loads_is_the_base_with_all_parts():
    """The joined adapter gives what base, frozen parts and the new part gave side by side."""
    given, rows = lesson({}, 0, 2), examples(2)
    first, _ = adaptive_rank.on_top(given, {}, rows[:1], 2)
    held = lora.saved(first)
    both, _ = adaptive_rank.on_top(given, held, rows[1:], 4)
    files = lora.files_of(adaptive_rank.joined(held, lora.saved(both)), lora.config_of(held))
    loaded = lora.with_adapter(lora.base_model(checkpoint(), MODEL), files)
    assert lora.losses(loaded, rows) == pytest.approx(lora.losses(both, rows), rel=1e-5)
    frozen = {name: weight for name, weight in both.named_parameters() if ".frozen." in name}
    assert frozen
    assert not any(weight.requires_grad for weight in frozen.values())


def test_ranks_are_judged_on_sessions_that_did_not_try_them():
    """And never on a turn that is held out of training, which retention asks about."""
    new = lesson({}, 0, 3).new
    names = lambda rows: [row["instance_id"] for row in rows]  # noqa: E731
    one, other, last = names(new)
    tried, judges = adaptive_rank.validation(new, new[:1])
    assert (names(tried), names(judges)) == ([one], [other, last])
    tried, judges = adaptive_rank.validation(new, new)
    assert (names(tried), names(judges)) == ([one, other], [last])
    assert adaptive_rank.validation(new[:1], new[:1]) == (new[:1], [])


def test_a_session_that_comes_alone_gets_the_largest_rank():
    learned = adaptive_rank.learn(lesson({}, 0, 1))
    (probe,) = learned.notes["probes"]
    assert (probe["rank"], probe["losses"]) == (max(OWN["ranks"]), {})
