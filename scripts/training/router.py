"""The router of a mixture: from the embedding of a query to a weight for each expert; a small MLP."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save

HIDDEN, STEPS, RATE = 64, 300, 0.01


class Router(torch.nn.Module):
    """One hidden layer. Inputs: unit vectors [n, dimensions]; outputs: scores [n, experts]."""

    def __init__(self, dimensions: int, experts: int) -> None:
        super().__init__()
        self.hidden, self.scores = torch.nn.Linear(dimensions, HIDDEN), torch.nn.Linear(HIDDEN, experts)

    def forward(self, queries: torch.Tensor) -> torch.Tensor:
        return self.scores(torch.relu(self.hidden(queries)))

    def weights(self, queries: np.ndarray, top_k: int) -> torch.Tensor:
        """Softmax over the `top_k` best experts of each query [n, experts]; each row sums to 1."""
        with torch.inference_mode():
            scores = self(torch.from_numpy(np.asarray(queries, np.float32)))
        best, which = scores.topk(top_k, dim=-1)
        return torch.zeros_like(scores).scatter(1, which, best.softmax(-1))

    def content(self) -> bytes:
        """As a file."""
        return save(self.state_dict())


def from_content(content: bytes) -> Router:
    """The router of a file."""
    tensors = load(content)
    made = Router(tensors["hidden.weight"].shape[1], len(tensors["scores.bias"]))
    made.load_state_dict(tensors)
    return made


def fitted(queries: np.ndarray, labels: Sequence[int], experts: int, seed: int) -> Router:
    """Trained on all queries at once; classes count alike, however many examples they have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        router = Router(queries.shape[1], experts)
    counts = torch.bincount(torch.tensor(labels), minlength=experts).float()
    balance = torch.where(counts > 0, len(labels) / counts.clamp(min=1), 0.0)
    given, wanted = torch.from_numpy(np.asarray(queries, np.float32)), torch.tensor(labels)
    optimiser = torch.optim.AdamW(router.parameters(), lr=RATE, weight_decay=0.01)
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(router(given), wanted, weight=balance).backward()
        optimiser.step()
    return router.eval()


def query(issues: list[str], read: list[str], embed: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """Queries as the router takes them: embeddings of the issue and of what was read last, side by side, of length 1."""
    return np.concatenate([embed(issues), embed(read)], axis=1) / np.sqrt(2)


def judged(router: Router, queries: np.ndarray, labels: Sequence[int]) -> dict[str, Any]:
    """Balanced accuracy on queries that it was not trained on, plain accuracy, and what the majority class would get.

    None where there is no query.
    """
    if not labels:
        return {
            "router_accuracy": None,
            "router_plain_accuracy": None,
            "router_majority": None,
            "router_queries": 0,
        }
    right = (router.weights(queries, 1).argmax(-1) == torch.tensor(labels)).tolist()
    recalls = [
        np.mean([hit for hit, label in zip(right, labels, strict=True) if label == one])
        for one in set(labels)
    ]
    majority = max(labels.count(label) for label in set(labels)) / len(labels)
    return {
        "router_accuracy": float(np.mean(recalls)),
        "router_plain_accuracy": sum(right) / len(right),
        "router_majority": majority,
        "router_queries": len(labels),
    }
