"""Strategies: how an adapter is kept current when new sessions come. One file each, one function each.

A strategy is given a Lesson and returns what it Learned. Its name stands in the schema, and in USES (train.py) with the modules that it uses.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.files import sha256_of

if TYPE_CHECKING:
    import numpy as np
    import torch

    from scripts.training.lora import Step


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from at a checkpoint.

    Attributes:
        rows: the examples of all sessions up to the checkpoint, in their order, each with a supervised token.
        since: position of the checkpoint before in the training half; 0 at the first.
        before: the files of the checkpoint before; empty at the first, and where it has no adapter.
        recipe: the recipe's block; what only one strategy needs is a block in it of the strategy's name.
        base: loads the base model.
        embed: unit vectors [n, dimensions] of texts.
        clock: seconds that parts of the training took, by name; for the tables of costs, never for a result.
    """

    rows: list[dict]
    since: int
    before: dict[str, bytes]
    recipe: dict[str, Any]
    base: "Callable[[], torch.nn.Module]"
    embed: "Callable[[list[str]], np.ndarray]"
    clock: dict[str, float] = field(default_factory=dict)

    @property
    def new(self) -> list[dict]:
        """The examples of the sessions since the checkpoint before."""
        return [row for row in self.rows if row["position"] > self.since]

    @property
    def own(self) -> dict[str, Any]:
        """The strategy's own block of the recipe."""
        return self.recipe[self.recipe["strategy"]]

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the seconds of what is done within to a part."""
        start = time.perf_counter()
        yield
        self.clock[part] = self.clock.get(part, 0.0) + time.perf_counter() - start


@dataclass
class Learned:
    """What came out of a training.

    Attributes:
        steps: every optimiser step.
        files: the adapter, and whatever the next checkpoint needs beside it, by name.
        notes: what the card says of it.
        anew: the adapter began as the base, so that its loss must fall.
        more_tokens: tokens that were read beside those of the steps, to weigh or to choose.
    """

    steps: "list[Step]"
    files: dict[str, bytes]
    notes: dict[str, Any] = field(default_factory=dict)
    anew: bool = True
    more_tokens: int = 0


def seed_of(seed: int, *part: Any) -> int:
    """The seed of the first weights of one of several adapters that are summed: another for each part."""
    return int(sha256_of([seed, *part])[:8], 16)
