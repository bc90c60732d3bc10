"""Fault 8: the loss was read from the wrong key, logged as 0.0, and called memorisation."""

import math
from dataclasses import replace

import pytest

from scripts.training.lora import Step, verdict


def steps(*losses, after, per_epoch=2):
    """Steps with these losses; after: the loss on the first one's examples at the end."""
    made = [Step(n, 1 + (n - 1) // per_epoch, loss, 5, 50) for n, loss in enumerate(losses, 1)]
    return [replace(made[0], after=after), *made[1:]]


@pytest.mark.parametrize(
    ("losses", "after", "words"),
    [
        ((2.0, 1.0, 0.0, 0.0), 0.0, "exactly 0"),
        ((0.0, 0.0), 0.0, "exactly 0"),
        ((2.0, math.nan), math.nan, "not a number at step 2"),
        ((2.0, math.inf), 1.0, "not a number"),
        ((2.0, 1.0), math.nan, "not a number"),
        (
            (2.0, 1.0, 0.5, 0.5),
            2.0,
            "did not fall: 2.0000 at the first step, 2.0000 on the same examples at the end",
        ),
        ((1.0, 0.5), 3.0, "did not fall"),
    ],
)
def test_a_loss_that_cannot_be_is_a_failed_training(losses, after, words):
    status, reason = verdict(steps(*losses, after=after))
    assert status == "failed"
    assert words in reason


def test_other_examples_that_are_harder_are_no_failure():
    """Of one pass over sessions of the model's own, some are easy from the start and come first."""
    assert verdict(steps(0.26, 0.03, 0.75, 0.89, after=0.1)) == ("trained", None)
    assert verdict(steps(0.26, 0.03, 0.75, 0.89, after=0.1, per_epoch=9)) == ("trained", None)
