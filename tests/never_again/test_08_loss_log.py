"""Fault 8: the loss was read from the wrong key, logged as 0.0, and called memorisation."""

import math

import pytest

from scripts.training.lora import Step, verdict


def steps(*losses, per_epoch=2):
    return [Step(n, 1 + (n - 1) // per_epoch, loss, 5, 50) for n, loss in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ((2.0, 1.0, 0.0, 0.0), "exactly 0"),
        ((0.0, 0.0), "exactly 0"),
        ((2.0, math.nan), "not a number at step 2"),
        ((2.0, math.inf), "not a number"),
        ((2.0, 1.0, 2.0, 2.0), "did not fall: 2.0000 at the first step, 2.0000 at the end"),
        ((1.0, 3.0), "did not fall"),
    ],
)
def test_a_loss_that_cannot_be_is_a_failed_training(losses, words):
    status, reason = verdict(steps(*losses))
    assert status == "failed"
    assert words in reason


def test_one_unlucky_last_batch_is_no_failure():
    assert verdict(steps(2.0, 1.5, 0.5, 2.1)) == ("trained", None)
