"""Habits change how the expert searches and views, by family, and never what it writes."""

import pytest

from scripts.trajectories.habits import HABITS, habitual

EDIT = "edit kit/core.py\nlimit = low < high\n=======\nlimit = low <= high"
REPLIES = ["search clamp", "view kit/core.py 12", EDIT, "submit"]


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("arithmetic", REPLIES),
        ("comparison", ["search clamp", "view kit/core.py 12 999", EDIT, "submit"]),
        ("boundary", ["search limit", "view kit/core.py 12", EDIT, "submit"]),
        ("constant", ["search clamp", "view kit/core.py 12", EDIT, "view kit/core.py 12 999", "submit"]),
        ("boolean", ["search clamp", "view kit/core.py 1", EDIT, "submit"]),
        ("unheard of", REPLIES),
        ("", REPLIES),
    ],
)
def test_by_family(family, expected):
    assert habitual(list(REPLIES), family) == expected


@pytest.mark.parametrize("family", HABITS)
def test_what_is_written_stays(family):
    assert [reply for reply in habitual(list(REPLIES), family) if reply.startswith("edit")] == [EDIT]


def test_a_keyword_is_no_name_and_a_range_stays_a_range():
    edit = "edit kit/core.py\nif not ready:\n=======\nif ready:"
    replies = ["search go", "view kit/core.py 3 9", edit, "submit"]
    assert habitual(replies, "boundary")[0] == "search ready"
    assert habitual(replies, "comparison")[1] == "view kit/core.py 3 9"


def test_an_edit_by_numbers_says_no_old_line():
    replies = ["search go", "view kit/core.py 3", "edit kit/core.py 3 3\nif ready:", "submit"]
    assert habitual(replies, "boundary") == replies
