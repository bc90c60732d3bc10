"""Files are whole or not there at all, also where there is no room for them."""

import os
import subprocess
import sys

import pytest

from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json, read_json, read_jsonl, write_jsonl

LIMITED = """
import resource, sys
from scripts.files import atomic_write
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
atomic_write(sys.argv[1], "y" * 100_000)
"""


def test_a_file_that_outgrows_its_limit_leaves_the_old_one_whole(tmp_path):
    path = tmp_path / "trajectories.jsonl"
    atomic_write(path, "old\n")
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True)
    assert (
        f"UserError: {path}: no room to write 100,000 bytes (File too large). Fix: make room" in done.stderr
    )
    assert path.read_text() == "old\n"
    assert os.listdir(tmp_path) == [path.name], "nothing half-written is left"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    if (
        os.getuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True
        ).returncode
    ):
        pytest.skip("only root can make a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_named_and_leaves_the_old_file_whole(small_disk):
    path = small_disk / "results" / "summary.csv"
    atomic_write(path, "old\n")
    with pytest.raises(
        UserError, match=r"summary.csv: no room to write 1,000,000 bytes \(No space left on device\)"
    ):
        atomic_write(path, "y" * 1_000_000)
    assert path.read_text() == "old\n"
    assert os.listdir(path.parent) == [path.name]
    atomic_write(path, "new\n")
    assert path.read_text() == "new\n"


def test_undefined_numbers_are_never_written():
    with pytest.raises(ValueError):
        canonical_json({"loss": float("nan")})


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a":\n')
    with pytest.raises(UserError, match=r"a\.jsonl, line 2: not JSON"):
        read_jsonl(tmp_path / "a.jsonl")


def test_a_line_ends_at_a_line_feed_only(tmp_path):
    rows = [{"text": "a\u2028b\x85c\x0cd\r\ne"}, {"text": "\u2029"}]
    write_jsonl(tmp_path / "a.jsonl", rows)
    assert read_jsonl(tmp_path / "a.jsonl") == rows


@pytest.mark.parametrize("torn", [b"", b'{"a": ', b"\xff"])
def test_a_torn_file_of_our_own_is_named(tmp_path, torn):
    (tmp_path / "card.json").write_bytes(torn)
    with pytest.raises(UserError, match=r"card\.json: not JSON .*Fix: delete the file and run again"):
        read_json(tmp_path / "card.json")
