"""Past sessions for a task: BM25 and embeddings over the same documents, fused by rank, without the future.

BM25 as in Lucene (Kamphuis et al., 2020, https://doi.org/10.1007/978-3-030-45442-5_4), through `bm25s`;
reciprocal rank fusion with k = 60 (Cormack et al., 2009, https://doi.org/10.1145/1571941.1572114).
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np

from scripts.errors import UserError
from scripts.files import atomic_write
from scripts.knowledge.embed import Embedder

RANK_CONSTANT = 60
DECIMALS = 6
WORD = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True)
class Index:
    """Documents of n sessions in the order of the sessions, with their vectors; saved as one npz.

    Attributes:
        ids: instance ids [n]; several runs of a task share one.
        runs: run numbers [n].
        created_at: ISO 8601 dates of the tasks [n].
        texts: the documents [n].
        vectors: unit vectors of the documents, float32 [n, dimensions].
        embeddings: name of the checkpoint that made the vectors, which queries must use too.
        source_sha256: hash of the source sessions, which a training set made from them carries too.
    """

    ids: np.ndarray
    runs: np.ndarray
    created_at: np.ndarray
    texts: np.ndarray
    vectors: np.ndarray
    embeddings: np.ndarray
    source_sha256: np.ndarray

    def save(self, path: Path | str) -> None:
        """Write the npz; equal indexes give equal bytes (numpy dates every member 1980-01-01)."""
        buffer = io.BytesIO()
        np.savez(
            buffer, allow_pickle=False, **{field.name: getattr(self, field.name) for field in fields(self)}
        )
        atomic_write(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> "Index":
        """Read an index; nothing in it can run code.

        Raises:
            UserError: the file is not an index.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (ValueError, KeyError, EOFError, OSError) as error:
            raise UserError(
                str(path), f"not a knowledge index ({error})", "delete the file and run again"
            ) from error


@dataclass(frozen=True)
class Retriever:
    """An index with the embedder for its queries.

    Raises:
        UserError: the embedder is not the one that made the index.
    """

    index: Index
    embed: Embedder

    def __post_init__(self) -> None:
        made_by = str(self.index.embeddings)
        if made_by != self.embed.name:
            what = f"the index was made with {made_by}, queries would use {self.embed.name}"
            raise UserError(
                "embeddings.checkpoint", what, "use one checkpoint for both, or make the index again"
            )

    def retrieve(
        self,
        query_text: str,
        task_id: str,
        task_created_at: str,
        top_k: int,
        token_budget: int,
        count_tokens: Callable[[str], int],
    ) -> list[tuple[str, str]]:
        """The best documents for a task, best first, as (instance id, text).

        The task itself and every item that post-dates it are left out before anything is counted or ranked:
        the answer is that of an index which never held them. Of several runs of a task the best one stands.
        Of the `top_k` best, in order, those are returned that fit whole into what is left of `token_budget`.
        """
        past = admissible(self.index, task_id, task_created_at)
        if not past:
            return []
        texts = [str(self.index.texts[item]) for item in past]
        ids = [str(self.index.ids[item]) for item in past]
        similarity = self.index.vectors[past] @ self.embed([query_text])[0]
        order = fuse([ranking(bm25(texts, query_text), positive=True), ranking(similarity)])
        best: dict[str, str] = {}
        for item in order:
            best.setdefault(ids[item], texts[item])
        return within(list(best.items())[:top_k], token_budget, count_tokens)


def admissible(index: Index, task_id: str, task_created_at: str) -> list[int]:
    """Positions of the items a task may see: of another task, and created no later than this one."""
    now = datetime.fromisoformat(task_created_at)
    return [
        position
        for position, (instance, date) in enumerate(zip(index.ids, index.created_at, strict=True))
        if instance != task_id and datetime.fromisoformat(str(date)) <= now
    ]


def words(text: str) -> list[str]:
    """Lower-case words of two or more characters; `parse_range` is two words, as an issue would put it."""
    return WORD.findall(text.lower())


def bm25(texts: list[str], query: str) -> np.ndarray:
    """BM25 scores of the query against each text, [len(texts)]; 0 for a text that shares no word with it."""
    import bm25s

    corpus, wanted = [words(text) for text in texts], words(query)
    if not any(corpus) or not wanted:
        return np.zeros(len(texts))
    model = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    model.index(corpus, show_progress=False)
    return model.get_scores(wanted)


def ranking(scores: np.ndarray, positive: bool = False) -> list[int]:
    """Positions by falling score, the earlier position first among equals; only scores above 0 if `positive`.

    Scores are rounded first, so that a last bit that differs between two machines decides nothing.
    """
    rounded = np.round(scores, DECIMALS)
    order = np.argsort(-rounded, kind="stable")
    return [int(item) for item in order if rounded[item] > 0 or not positive]


def fuse(rankings: list[list[int]]) -> list[int]:
    """Reciprocal rank fusion: an item scores the sum of 1 / (60 + rank) over the rankings that hold it."""
    scores: dict[int, float] = {}
    for order in rankings:
        for rank, item in enumerate(order, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda item: (-scores[item], item))


def within(
    items: list[tuple[str, str]], token_budget: int, count_tokens: Callable[[str], int]
) -> list[tuple[str, str]]:
    """Those items, in order, that fit whole into what the ones before them left of the budget."""
    kept = []
    for identity, text in items:
        tokens = count_tokens(text)
        if tokens <= token_budget:
            kept.append((identity, text))
            token_budget -= tokens
    return kept
