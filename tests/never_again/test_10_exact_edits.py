"""Fault 10: a fuzzy edit glued the next line to the replacement, and the SyntaxErrors were blamed on the model."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.trajectories import tools
from tests.trajectories.commands import install, run

ENDS = ("\n", "\r\n", "\r")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
LINES = st.lists(st.tuples(TEXT, st.sampled_from(ENDS)), min_size=1, max_size=8)


@st.composite
def edits(draw):
    """(file as lines with their ends, start, end, new lines, by text or by numbers, fuzzy)."""
    pairs = draw(LINES)
    pairs = [
        (text, "\n" if end == "\r" and not after else end)
        for (text, end), (after, _) in zip(pairs, [*pairs[1:], ("x", "")], strict=True)
    ]
    lines = [text + end for text, end in pairs]
    if draw(st.booleans()) and pairs[-1][0]:
        lines[-1] = pairs[-1][0]
    start = draw(st.integers(1, len(lines)))
    end = draw(st.integers(start, len(lines)))
    return lines, start, end, draw(st.lists(TEXT, max_size=4)), draw(st.booleans()), draw(st.booleans())


def edited(lines, start, end, new, by_text, fuzzy):
    """The file's bytes after the edit, or None where it was refused."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setitem(tools.SETTINGS, "fuzzy_edit", fuzzy)
        path = Path(folder, "file.txt")
        path.write_bytes("".join(lines).encode())
        old = [line.rstrip("\r\n") for line in lines[start - 1 : end]]
        wanted, body = (
            ([str(path)], [*old, tools.SEPARATOR, *new])
            if by_text
            else ([str(path), str(start), str(end)], new)
        )
        try:
            tools.edit(wanted, "".join(f"{line}\n" for line in body))
        except tools.Refused:
            assert path.read_bytes() == "".join(lines).encode(), "a refused edit changes nothing"
            return None
        return path.read_bytes().decode()


@settings(max_examples=400, deadline=None)
@given(edits())
def test_an_edit_changes_the_matched_lines_and_no_other_byte(case):
    lines, start, end, new, _, fuzzy = case
    after = edited(*case)
    if after is None:
        return
    before, behind = "".join(lines[: start - 1]), "".join(lines[end:])
    assert after.startswith(before)
    assert after.endswith(behind)
    middle = after[len(before) : len(after) - len(behind)]
    written = [line.rstrip("\r\n") for line in io.StringIO(middle, newline="")]
    assert written == new or fuzzy or not (behind or lines[-1].endswith(ENDS))
    assert [line.strip() for line in written if line.strip()] == [
        line.strip() for line in new if line.strip()
    ]
    if behind and new:
        assert middle.endswith(("\n", "\r")), "the fault: the next line is glued to the replacement"
    if not behind and new and new[-1]:
        assert middle.endswith(ENDS) == lines[-1].endswith(ENDS), "a file without a final newline stays one"


def test_the_command_keeps_line_ends_and_the_missing_last_one(tmp_path):
    repo = install(tmp_path, fuzzy_edit=True)
    (repo / "a.py").write_bytes(b"if x:\r\n    y = 1\r\n    z = '\xe2\x86\x92'")
    assert run(repo, "edit", "a.py", body="y = 1\n=======\ny = 2\nw = 3")[0] == 0
    assert run(repo, "edit", "a.py", body="z = '\u2192'\n=======\nz = '\u2190'")[0] == 0
    assert (repo / "a.py").read_bytes() == b"if x:\r\n    y = 2\r\n    w = 3\r\n    z = '\xe2\x86\x90'"


def test_a_separator_inside_a_line_is_part_of_the_line(tmp_path):
    """Form feed and U+2028 end a line for str.splitlines, and for nobody else."""
    repo = install(tmp_path)
    (repo / "a.txt").write_bytes("a\x0cb\u2028c\nnext\n".encode())
    assert run(repo, "edit", "a.txt", body="a\x0cb\u2028c\n=======\nd\u2028e")[0] == 0
    assert (repo / "a.txt").read_bytes() == "d\u2028e\nnext\n".encode()
