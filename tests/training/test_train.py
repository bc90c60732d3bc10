"""Rule train, as Snakemake runs it: a card in every case, weights only if trained, nothing trained twice."""

import json
import logging

import pytest
from safetensors.torch import load_file

from scripts.files import write_jsonl
from scripts.training import kept, lora, train
from scripts.training.strategies import Lesson
from tests.training.tiny import MODEL, RECIPE, examples, rule

FAST = {**RECIPE, "epochs": 2}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "STORE", tmp_path / "store")
    write_jsonl(tmp_path / "dataset.jsonl", [{"sessions": 6}, *examples()])
    return tmp_path


def run(folder, checkpoint=4, **changes):
    """(card, loss.csv, weights or None) of one checkpoint."""
    job = rule(folder, checkpoint, {**FAST, **changes})
    train.main(job)
    weights = job.output.card.parent / kept.WEIGHTS
    return (
        json.loads(job.output.card.read_text()),
        job.output.loss.read_text(),
        weights.read_bytes() if weights.exists() else None,
    )


def refuse_to_train(monkeypatch):
    monkeypatch.setattr(lora, "train", lambda *_: pytest.fail("trained again"))


def test_the_card_says_what_was_learned_from_what(folder):
    card, losses, weights = run(folder, checkpoint=4)
    rows = examples()[:4]
    assert (card["status"], card["reason"], card["checkpoint"]) == ("trained", None, 4)
    assert card["trajectories"] == ["task-1", "task-2", "task-3", "task-4"]
    assert card["supervised_tokens"] == sum(stop - start for row in rows for start, stop in row["supervised"])
    assert card["recipe"] == FAST
    header, *lines = losses.splitlines()
    assert header == "step,epoch,loss,supervised_tokens,tokens,penalty,after"
    assert len(lines) == 4
    assert card["last_loss"] < card["first_loss"]
    assert weights
    assert not any("second" in key or "time" in key for key in card)


def test_the_key_knows_how_models_are_loaded_and_texts_embedded():
    """The same recipe on the same data is another training once the code that loads its models is another (never-again 26)."""
    lesson = Lesson([], 0, {}, FAST, base=None, embed=None)
    plain, embedded = (train.facts(lesson, MODEL, "base", asked) for asked in (None, "embeddings"))
    assert "sentence-transformers" in embedded["libraries"].keys() - plain["libraries"].keys()
    assert plain["code_sha256"] != embedded["code_sha256"]
    for name in train.COMMON:
        assert (train.ROOM / f"{name}.py").is_file()
    assert {"../trajectories/checkpoint", "../trajectories/hardware"} <= set(train.COMMON)


def test_the_adapter_is_one_that_peft_loads(folder):
    from peft import PeftModel

    run(folder)
    place = folder / "adapters" / "4"
    model = PeftModel.from_pretrained(
        lora.base_model(rule(folder, 4).params.model["checkpoint"], MODEL), place
    )
    assert len(load_file(place / kept.WEIGHTS)) == sum("lora" in name for name, _ in model.named_parameters())
    assert sorted(path.name for path in place.iterdir()) == sorted(
        [*kept.FILES, "card.json", "loss.csv", "timing.csv"]
    )


def test_without_a_usable_session_there_is_a_reason_and_no_number(folder):
    write_jsonl(folder / "dataset.jsonl", [{"sessions": 0}])
    card, losses, weights = run(folder)
    assert (card["status"], card["first_loss"], card["last_loss"]) == ("not_trained", None, None)
    assert card["reason"].startswith("no usable trajectory among the first 4")
    assert losses == "step,epoch,loss,supervised_tokens,tokens,penalty,after\n"
    assert weights is None


def test_examples_without_a_supervised_token_are_not_trained_on(folder):
    write_jsonl(folder / "dataset.jsonl", [{}, *({**row, "supervised": []} for row in examples())])
    assert run(folder)[0]["status"] == "not_trained"


def test_a_failed_training_leaves_no_weights_not_even_older_ones(folder):
    assert run(folder)[2]
    card, losses, weights = run(folder, learning_rate=1e-30)
    assert (card["status"], weights) == ("failed", None)
    assert card["reason"].startswith("the loss did not fall")
    assert len(losses.splitlines()) > 1


def test_a_chain_ends_where_a_training_failed(folder, monkeypatch):
    """The next one would go on from nothing, and its card would vouch for sessions that nobody learned."""
    naive = {**FAST, "strategy": "naive", "naive": {}}
    train.main(rule(folder, 2, {**naive, "learning_rate": 1e-30}))
    job = rule(folder, 4, naive, since=2)
    refuse_to_train(monkeypatch)
    train.main(job)
    card = json.loads(job.output.card.read_text())
    assert (card["status"], card["files"]) == ("failed", {})
    assert card["reason"].startswith("checkpoint 2, to go on from, failed: the loss did not fall")


def test_what_is_finished_is_not_trained_again(folder, monkeypatch):
    first = run(folder)
    for path in (folder / "adapters" / "4").iterdir():
        path.unlink()
    refuse_to_train(monkeypatch)
    assert run(folder) == first


@pytest.mark.parametrize("name", [*kept.FILES, "entry"])
def test_a_corrupt_entry_is_set_aside_and_trained_again(folder, caplog, name):
    first = run(folder)
    kind = "*.json" if name == "entry" else f"*/{name}"
    (path,) = (folder / "store" / "adapters").glob(f"??/{kind}")
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1) if name != kept.WEIGHTS else b"")
    with caplog.at_level(logging.WARNING):
        assert run(folder) == first
    assert list(path.parent.glob("*.corrupt"))
    assert path.exists()


@pytest.mark.parametrize("change", [{"seed": 1}, {"rank": 8}, {"learning_rate": 0.02}, {"epochs": 3}])
def test_another_recipe_is_another_training(folder, change):
    assert run(folder, **change)[2] != run(folder)[2]
    assert len(list((folder / "store" / "adapters").glob("??/*.json"))) == 2
