"""What a model answers on held-out replies under teacher forcing: it reads a session up to the reply, with the right tokens
so far, and every token of the reply is a question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from scripts.jobs import Progress

if TYPE_CHECKING:
    import torch

    from scripts.training.mixture import Mixture

MEASURES = ("retention", "token_accuracy", "exact_action", "nll")
TOGETHER = 4


@dataclass(frozen=True)
class Answer:
    """One token of a held-out reply: whether the likeliest token was right, its negative log-likelihood (nats), what it is."""

    right: bool
    nll: float
    argument: bool


def held_out(rows: list[dict], checkpoint: int) -> list[dict]:
    """The examples up to a checkpoint in which a turn was kept from the loss, cut behind that turn."""
    return [_cut(row) for row in rows if row["position"] <= checkpoint and row["held_out"]]


def _cut(row: dict) -> dict:
    return {**row, "input_ids": row["input_ids"][: row["held_out"][-1][1]], "supervised": []}


def questions(row: dict) -> list[int]:
    """Positions of an example's held-out tokens."""
    return [position for span in row["held_out"] for position in range(*span)]


def score(answers: list[Answer]) -> dict[str, float | None]:
    """The measures of one held-out reply."""
    arguments = [answer.right for answer in answers if answer.argument]
    return {
        "retention": fmean(arguments) if arguments else None,
        "token_accuracy": fmean(answer.right for answer in answers),
        "exact_action": float(all(answer.right for answer in answers)),
        "nll": fmean(answer.nll for answer in answers),
    }


def mean(scores: list[dict[str, float | None]]) -> dict[str, float | None]:
    """The mean of each measure over pairs, None where no pair has it."""
    found = {name: [score[name] for score in scores if score[name] is not None] for name in MEASURES}
    return {name: fmean(values) if values else None for name, values in found.items()}


def ask(
    model: "torch.nn.Module", rows: list[dict], experts: "Mixture | None" = None
) -> Iterator[list[Answer]]:
    """The model's answers on the held-out tokens of each row, some rows a forward, in their order.

    A mixture of experts is routed by each held-out turn's query, one row a forward.
    """
    import torch

    from scripts.training import lora, packing
    from scripts.training.gates import attached

    progress, gates = Progress(len(rows), "held-out pairs"), attached(model) if experts else None
    together = 1 if experts else TOGETHER
    for start in range(0, len(rows), together):
        batch = rows[start : start + together]
        if experts:
            gates.now = experts.gate(
                batch[0]["issue"], batch[0]["turns"][str(batch[0]["held_out"][-1][0])]["read"]
            )
        pack = packing.pack(batch, [questions(row) for row in batch])
        with torch.inference_mode():
            scores = torch.log_softmax(lora.logits(model, pack), dim=-1).cpu()
        right = (scores.argmax(-1) == pack.labels).tolist()
        nll = (-scores.gather(1, pack.labels[:, None])[:, 0]).tolist()
        given = iter(zip(right, nll, strict=True))
        for row in batch:
            progress.advance()
            arguments = set(row["arguments"])
            yield [Answer(*next(given), position in arguments) for position in questions(row)]
