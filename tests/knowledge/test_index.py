import io
import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from scripts.errors import UserError
from scripts.files import write_jsonl
from scripts.knowledge.embed import Embedder
from scripts.knowledge.index import build, main
from scripts.knowledge.retrieve import Index
from scripts.synthesis.source import sha256


@pytest.fixture
def index(sessions, verdicts, tasks, embed) -> Index:
    return build(sessions, verdicts, tasks, embed)


def test_an_index_is_saved_and_loaded_whole(index, tmp_path, tasks, sessions):
    index.save(tmp_path / "index.npz")
    loaded = Index.load(tmp_path / "index.npz")
    assert loaded.ids.tolist() == [task.id for task in tasks]
    assert loaded.created_at.tolist() == [task.created_at for task in tasks]
    assert loaded.runs.tolist() == [0] * 5
    assert loaded.texts.tolist() == index.texts.tolist()
    assert (loaded.vectors == index.vectors).all()
    assert str(loaded.source_sha256) == sha256(sessions)
    assert loaded.texts[0].endswith("Outcome: resolved")
    assert loaded.texts[4].endswith("Outcome: not judged")


def test_two_builds_give_the_same_bytes(index, sessions, verdicts, tasks, embed, tmp_path):
    index.save(tmp_path / "one.npz")
    build(sessions, verdicts, tasks, Embedder(embed.name, tmp_path)).save(tmp_path / "two.npz")
    one = (tmp_path / "one.npz").read_bytes()
    assert one == (tmp_path / "two.npz").read_bytes()
    dates = {member.date_time for member in zipfile.ZipFile(io.BytesIO(one)).infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}, (
        "numpy writes the time of day into the file: two runs would differ"
    )


def test_no_session_gives_an_empty_index(tasks, embed, tmp_path):
    build([], [], tasks, embed).save(tmp_path / "index.npz")
    assert Index.load(tmp_path / "index.npz").ids.tolist() == []


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_a_broken_index_is_named(content, tmp_path):
    path = tmp_path / "index.npz"
    if content is None:
        np.savez(path, ids=np.array(["a"]))
    else:
        path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"index\.npz: not a knowledge index .* Fix: delete the file and run again"
    ):
        Index.load(path)


def test_permuted_items_tell_another_session_and_are_as_young_as_the_younger(
    sessions, verdicts, tasks, embed
):
    index = build(sessions, verdicts, tasks, embed, donors=[1, 2, 3, 4, 0])
    assert index.ids.tolist() == [task.id for task in tasks]
    assert index.texts[0].startswith("Issue: slugify drops")
    assert "Change: pocket/dates.py\n-    return is_leap_year_of" in index.texts[0]
    assert index.texts[3].endswith("Outcome: not judged"), "the outcome is that of the deeds"
    months = [int(date[5:7]) for date in index.created_at]
    assert months == [2, 3, 4, 5, 5]


def test_sessions_without_a_donor_leave_the_index_empty_and_its_source_named(
    sessions, verdicts, tasks, embed
):
    index = build(sessions[:1], verdicts, tasks, embed, donors=[])
    assert (index.ids.size, index.runs.size, index.texts.size) == (0, 0, 0)
    assert str(index.source_sha256) == sha256(sessions[:1])


@pytest.mark.parametrize("source", ["own", "permuted"])
def test_the_rule_indexes_the_usable_half(source, sessions, verdicts, tasks, embed, tmp_path):
    verdicts = [row | {"resolved": row["instance_id"] != "dates-1"} for row in verdicts]
    verdicts.append({"instance_id": "dates-2", "run": 0, "verdict": "infrastructure", "resolved": None})
    rows = {"tasks": [task.record for task in tasks], "trajectories": sessions, "verdicts": verdicts}
    for name, content in rows.items():
        write_jsonl(tmp_path / f"{name}.jsonl", content)
    split = tmp_path / "A.json"
    split.write_text(
        json.dumps({"train": ["dates-2", "numbers-1", "dates-1", "text-1"], "test": ["lists-1"]})
    )
    main(
        SimpleNamespace(
            rule="index",
            log=[tmp_path / "log"],
            input=SimpleNamespace(split=split, **{name: tmp_path / f"{name}.jsonl" for name in rows}),
            output=SimpleNamespace(index=tmp_path / "index.npz"),
            params=SimpleNamespace(
                recipe={"source": source, "filter": "resolved", "seed": 0},
                embeddings=embed.name,
                cache=tmp_path,
            ),
        )
    )
    index = Index.load(tmp_path / "index.npz")
    assert index.ids.tolist() == ["numbers-1", "text-1"]
    assert str(index.source_sha256) == sha256([sessions[2], sessions[0]])
    assert ("mean_of" in index.texts[0]) is (source == "own")
