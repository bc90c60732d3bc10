"""A saved adapter, for use: plain, a mixture with a router that learned who is asked when, or one whose layers route for themselves."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel

from scripts.training import arrow
from scripts.training.gates import Gate, gate
from scripts.training.router import Router, from_content, query

EXPERTS, ROUTER = "experts.json", "router.safetensors"
LEARNED, ARROW = "learned", "arrow"


@dataclass(frozen=True)
class Mixture:
    """The experts of an adapter that holds them side by side, and who is asked when.

    ranks: of each expert; top_k: experts a query is given to; embed: unit vectors [n, dimensions] of texts.
    """

    ranks: list[int]
    top_k: int
    router: Router
    embed: Callable[[list[str]], np.ndarray]

    def gate(self, issue: str, read: str) -> Gate:
        """The gate [1, ranks] for a query: the issue and what was read last."""
        return gate(self.router.weights(query([issue], [read], self.embed), self.top_k), self.ranks)


def mixture(folder: Path, embed: Callable[[list[str]], np.ndarray]) -> Mixture | None:
    """The mixture that an adapter's folder holds; None for a plain adapter, and where its layers route for themselves (arrow.py)."""
    if not (folder / ROUTER).exists():
        return None
    about = json.loads((folder / EXPERTS).read_text())
    return Mixture(about["ranks"], about["top_k"], from_content((folder / ROUTER).read_bytes()), embed)


def with_adapter(base: torch.nn.Module, folder: Path) -> PeftModel:
    """The base with a saved adapter beside its weights, in the precision in which the agent runs them."""
    model = PeftModel.from_pretrained(base, folder, autocast_adapter_dtype=False).eval()
    about = json.loads((folder / EXPERTS).read_text()) if (folder / EXPERTS).exists() else {}
    if about.get("router") == ARROW:
        arrow.attach(model, about["ranks"], about["top_k"])
    return model
