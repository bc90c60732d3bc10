"""Rule retention: right answers counted where the reply was held out, on a model that is small enough to ask by hand."""

import csv
import json
from types import SimpleNamespace

import pytest
import torch

from scripts.files import write_jsonl
from scripts.measures import retention, retention_base
from scripts.measures.retention import Answer, ask, held_out, mean, score, table
from scripts.training import kept, lora, train
from tests.training.tiny import MODEL, RECIPE, checkpoint, examples, rule


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A small training, and the rule that asks it."""
    folder = tmp_path_factory.mktemp("retention")
    write_jsonl(folder / "dataset.jsonl", [{}, *examples()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "STORE", folder / "store")
        train.main(rule(folder, 4))
    return rule(folder, 4)


def by_hand(model, row):
    """(right, nll) of each held-out token, one forward with transformers' own attention."""
    start, stop = row["held_out"][0]
    model.get_base_model().set_attn_implementation("eager")
    with torch.no_grad():
        scores = torch.log_softmax(
            model(torch.tensor([row["input_ids"][:stop]])).logits[0, start - 1 : -1].float(), -1
        )
    wanted = torch.tensor(row["input_ids"][start:stop])
    return (scores.argmax(-1) == wanted).tolist(), -scores[torch.arange(len(wanted)), wanted]


def test_the_table_is_what_one_gets_by_hand(job):
    retention.main(job)
    lines = list(csv.DictReader(job.output.retention.open()))
    model = retention.load(job.params.model, job.output.card.parent)
    assert [line["origin_position"] for line in lines] == ["1", "2", "3", "4"]
    for line, row in zip(lines, examples(), strict=False):
        right, nll = by_hand(model, row)
        assert line["origin"] == row["instance_id"]
        assert (line["checkpoint"], line["pairs"]) == ("4", "1")
        assert float(line["retention"]) == pytest.approx(sum(right[1:]) / len(right[1:]), rel=1e-5)
        assert float(line["token_accuracy"]) == pytest.approx(sum(right) / len(right), rel=1e-5)
        assert float(line["exact_action"]) == all(right)
        assert float(line["nll"]) == pytest.approx(nll.mean().item(), rel=1e-4)


def test_the_base_is_asked_the_same_of_every_session(job, tmp_path):
    """A fresh adapter changes nothing: what the base knows is what it knows with one."""
    output = SimpleNamespace(retention=tmp_path / "retention_base.csv")
    retention_base.main(SimpleNamespace(**{**vars(job), "output": output}))
    lines = list(csv.DictReader(output.retention.open()))
    assert [(line["checkpoint"], line["origin_position"]) for line in lines] == [
        ("0", str(position)) for position in range(1, 7)
    ]
    model = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), RECIPE)
    right, nll = by_hand(model, examples()[0])
    assert float(lines[0]["retention"]) == pytest.approx(sum(right[1:]) / len(right[1:]), rel=1e-5)
    assert float(lines[0]["nll"]) == pytest.approx(nll.mean().item(), rel=1e-4)


def test_it_is_the_same_every_time(job):
    retention.main(job)
    first = job.output.retention.read_bytes()
    retention.main(job)
    assert job.output.retention.read_bytes() == first


def test_the_adapter_is_asked_and_not_the_base(job):
    rows = held_out(examples(), 4)
    model = retention.load(job.params.model, job.output.card.parent)
    adapted = list(ask(model, rows))
    with model.disable_adapter():
        assert list(ask(model, rows)) != adapted


def test_what_was_trained_on_the_held_out_turn_is_known(tmp_path):
    """Random tokens are never right by chance: here the adapter learned the very replies that are asked."""
    taught = [{**row, "supervised": row["held_out"]} for row in examples(2)]
    model = lora.with_new_adapter(lora.base_model(checkpoint(), MODEL), RECIPE)
    before = table(held_out(examples(2), 2), ask(model.eval(), held_out(examples(2), 2)), 0)
    lora.train(model, taught, {**RECIPE, "epochs": 60, "batch_size": 2})
    after = table(held_out(examples(2), 2), ask(model.eval(), held_out(examples(2), 2)), 2)
    assert [line["retention"] for line in after] == [1.0, 1.0] > [line["retention"] for line in before]
    assert by_hand(model, examples(2)[0])[0] == [True] * len(by_hand(model, examples(2)[0])[0])


def test_only_the_arguments_count_for_retention(job):
    rows = held_out(examples(), 4)
    answers = list(ask(retention.load(job.params.model, job.output.card.parent), rows))
    assert [[answer.argument for answer in given] for given in answers] == [
        [position in row["arguments"] for position in range(*row["held_out"][0])] for row in rows
    ]
    assert not any(given[0].argument for given in answers)


def test_without_an_adapter_there_is_a_header_and_no_number(tmp_path):
    job = rule(tmp_path, 4, RECIPE)
    write_jsonl(tmp_path / "dataset.jsonl", [{}])
    train.main(job)
    assert not (job.output.card.parent / kept.WEIGHTS).exists()
    assert json.loads(job.output.card.read_text())["status"] == "not_trained"
    retention.main(job)
    assert job.output.retention.read_text() == ",".join(retention.COLUMNS) + "\n"


def test_a_reply_without_arguments_has_no_retention_which_is_not_zero():
    assert score([Answer(True, 0.5, False), Answer(False, 1.5, False)]) == {
        "retention": None, "token_accuracy": 0.5, "exact_action": 0.0, "nll": 1.0,
    }  # fmt: skip


def test_pairs_of_one_session_are_averaged_over_those_that_have_the_measure():
    rows = [
        {"position": 2, "instance_id": "b"},
        {"position": 1, "instance_id": "a"},
        {"position": 2, "instance_id": "b"},
    ]
    said = [[Answer(True, 1.0, True)], [Answer(True, 1.0, False)], [Answer(False, 3.0, True)]]
    first, second = table(rows, said, checkpoint=5)
    assert (first["origin"], first["pairs"], first["retention"]) == ("a", 1, None)
    assert (second["pairs"], second["retention"], second["nll"]) == (2, 0.5, 2.0)
    assert (
        mean([{"retention": None, "token_accuracy": 1.0, "exact_action": 1.0, "nll": 0.0}])["retention"]
        is None
    )


def test_only_origins_within_the_checkpoint_are_asked_and_only_up_to_the_held_out_turn():
    chosen = held_out(examples(), 2)
    assert [row["position"] for row in chosen] == [1, 2]
    assert all(len(row["input_ids"]) == row["held_out"][0][1] and row["supervised"] == [] for row in chosen)
