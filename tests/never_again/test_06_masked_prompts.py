"""Fault 6: prompt tokens were not masked, or every token was, so the loss was about the system prompt, or about nothing."""

import torch

from scripts.synthesis.actions_format import examples
from scripts.training import lora, packing, train
from tests.staged import FIX, played
from tests.training.tiny import MODEL, checkpoint
from tests.training.tiny import examples as rows


def test_the_labels_of_a_session_are_the_agents_words_and_nothing_else(words):
    trajectory, engine = played(words, FIX)
    made, _ = examples(trajectory, held_out=None, end=words.end, most=4096)
    pack = packing.pack(made[:1], [lora.supervised_positions(made[0])])
    assert pack.labels.tolist() == [token for said in engine.said for token in said]
    assert train.supervised(made[0]) == len(pack.labels) > 0
    assert torch.equal(pack.tokens[0, pack.inputs + 1], pack.labels), (
        "each label is the token behind its input"
    )


def test_a_held_out_turn_is_never_a_label():
    (row,) = rows(1)
    held, (start, stop) = row["held_out"][0], row["supervised"][0]
    pack = packing.pack([row], [lora.supervised_positions(row)])
    assert pack.inputs.tolist() == list(range(start - 1, stop - 1))
    assert held[1] <= start


def test_the_loss_does_not_move_with_what_is_not_supervised_behind_it():
    """A token of the prompt is context: as a label it would change the number of labels and their mean."""
    model = lora.base_model(checkpoint(), MODEL)
    (row,) = rows(1)
    with torch.no_grad():
        masked = lora.cross_entropy(model, packing.pack([row], [lora.supervised_positions(row)]))
        everything = lora.cross_entropy(
            model, packing.pack([row], [list(range(row["held_out"][0][0], len(row["input_ids"])))])
        )
    assert masked != everything


def test_an_example_without_a_supervised_token_is_never_trained_on():
    empty = {**rows(1)[0], "supervised": []}
    assert train.learned_from([empty], 9) == []
