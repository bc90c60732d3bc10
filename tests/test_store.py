"""The store: what was finished is there, and what cannot be trusted is set aside and made again."""

import json
import logging

import pytest

from scripts.errors import UserError
from scripts.store import Store

KEY = "ab" + "0" * 62


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path, "sessions")
    store.put(KEY, {"steps": 3, "text": "\u2192"})
    return store


def test_what_is_put_is_got_and_the_rest_is_not_there(store):
    assert store.get(KEY) == {"steps": 3, "text": "\u2192"}
    assert store.get("cd" + KEY[2:]) is None
    assert store.path(KEY).parent.name == "ab"


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: raw.replace(b"3", b"4"),
        lambda raw: raw.replace(b'"key":"ab', b'"key":"cd'),
        lambda raw: b"\xff" + raw,
        lambda raw: b"[]",
        lambda raw: json.dumps({"value": 1}).encode(),
    ],
)
def test_a_corrupt_entry_is_set_aside_and_can_be_made_again(store, damage, caplog):
    path = store.path(KEY)
    torn = damage(path.read_bytes())
    path.write_bytes(torn)
    with caplog.at_level(logging.WARNING):
        assert store.get(KEY) is None
    assert "does not match its own hash" in caplog.text
    assert path.with_suffix(".corrupt").read_bytes() == torn, "it is kept for whoever wants to know"
    store.put(KEY, 1)
    assert store.get(KEY) == 1


def test_a_file_where_the_folder_should_be_is_told_before_any_work(tmp_path):
    (tmp_path / "sessions").write_text("")
    with pytest.raises(UserError, match=r"sessions: the store's folder cannot be made \(File exists\)"):
        Store(tmp_path, "sessions")
    with pytest.raises(UserError, match=r"Not a directory"):
        Store(tmp_path / "sessions", "sessions")
