from dataclasses import replace

import numpy as np
import pytest

from scripts.errors import UserError
from scripts.knowledge.index import build
from scripts.knowledge.retrieve import Index, Retriever, bm25, fuse, ranking, within, words

LATER = "2021-01-01T00:00:00+00:00"
LEAP = "is_leap_year says that 2100 is a leap year"


def count(text: str) -> int:
    return len(text.split())


@pytest.fixture
def retriever(sessions, verdicts, tasks, embed) -> Retriever:
    return Retriever(build(sessions, verdicts, tasks, embed), embed)


def test_the_nearest_session_comes_first(retriever):
    found = retriever.retrieve(LEAP, "new", LATER, 3, 300, count)
    assert found[0][0] == "dates-1"
    assert len(found) == 3
    assert "Change: pocket/dates.py\n-    return is_leap_year_of" in found[0][1]


def test_the_same_question_gets_the_same_answer(retriever):
    answers = [retriever.retrieve(LEAP, "new", LATER, 5, 300, count) for _ in range(2)]
    assert answers[0] == answers[1]


def test_a_task_never_sees_itself_or_its_future(retriever):
    found = retriever.retrieve(LEAP, "dates-1", "2020-02-01T00:00:00+00:00", 5, 300, count)
    assert [identity for identity, _ in found] == ["text-1"]
    assert retriever.retrieve(LEAP, "new", "2019-12-31T23:59:59Z", 5, 300, count) == []


def test_the_future_does_not_even_change_how_rare_a_word_is(embed):
    texts = ["apple cake pie", "pear", *["pear tree"] * 8]
    dates = ["2020-01-01T00:00:00Z"] * 2 + [LATER] * 8
    names = np.array([f"task-{number}" for number in range(10)])
    whole = Index(
        ids=names,
        runs=np.zeros(10, np.int64),
        created_at=np.array(dates),
        texts=np.array(texts),
        vectors=embed(texts),
        embeddings=np.array(embed.name),
        source_sha256=np.array(""),
    )
    query = "pear or apple"
    assert ranking(bm25(texts[:2], query)) == [1, 0] != ranking(bm25(texts, query)[:2]), "or it shows nothing"
    found = Retriever(whole, embed).retrieve(query, "new", "2020-06-01T00:00:00Z", 2, 300, count)
    assert found == [("task-1", "pear"), ("task-0", "apple cake pie")]


def test_an_empty_index_gives_nothing(tasks, embed):
    assert Retriever(build([], [], tasks, embed), embed).retrieve(LEAP, "new", LATER, 3, 300, count) == []


def test_of_several_runs_of_a_task_one_is_returned(sessions, verdicts, tasks, embed):
    again = [row | {"extra": row["extra"] | {"run": 1}} for row in sessions]
    retriever = Retriever(build(sessions + again, verdicts, tasks, embed), embed)
    found = retriever.retrieve(LEAP, "new", LATER, 5, 900, count)
    assert len({identity for identity, _ in found}) == len(found) == 5


def test_queries_use_the_embeddings_of_the_index(retriever):
    other = replace(retriever.index, embeddings=np.array("wheel:other"))
    with pytest.raises(
        UserError, match=r"the index was made with wheel:other, queries would use wheel:gt-all"
    ):
        Retriever(other, retriever.embed)


def test_only_whole_documents_within_the_budget():
    items = [("a", "one two three"), ("b", "one two three"), ("c", "one two")]
    assert within(items, 5, count) == [items[0], items[2]]
    assert within(items, 1, count) == []


def test_fused_order_by_hand():
    # a: 1/61 + 1/63 = 0.03227; b: 1/62 + 1/61 = 0.03252; c: 1/63 = 0.01587; d: 1/62 = 0.01613
    a, b, c, d = range(4)
    assert fuse([[a, b, c], [b, d, a]]) == [b, a, d, c]
    assert fuse([[b, a], [a, b]]) == [a, b], "among equals the earlier session comes first"
    assert fuse([[], []]) == []


def test_ranking_breaks_ties_by_position_and_drops_what_does_not_match():
    scores = np.array([0.0, 0.5, 0.5 + 1e-9, 0.7])
    assert ranking(scores) == [3, 1, 2, 0]
    assert ranking(scores, positive=True) == [3, 1, 2]


def test_bm25_by_hand():
    """With k1 1.5, b 0.75: idf ln(1 + (N - n + 0.5) / (n + 0.5)), tf f / (f + k1 (1 - b + b l / mean l))."""
    scores = bm25(["red apple", "red red pear tree"], "an apple")
    assert scores == pytest.approx(
        [np.log(1 + 1.5 / 1.5) * 1 / (1 + 1.5 * (0.25 + 0.75 * 2 / 3)), 0], rel=1e-6
    )
    assert bm25(["red apple"], "!?").tolist() == [0]
    assert bm25(["?"], "apple").tolist() == [0]


def test_identifiers_are_read_as_words():
    assert words("parse_range() of v2") == ["parse", "range", "of", "v2"]
