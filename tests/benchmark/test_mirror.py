"""One bare repository a bundle, however many ask for it at once, and none of a damaged one."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from scripts.benchmark.mirror import mirror
from scripts.benchmark.repository import git, write_bundle
from scripts.errors import UserError


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "repository.bundle"
    write_bundle({"one": {"a.py": "a = 1\n"}, "two": {"b/c.py": "ä = 2\n"}}, path)
    return path


def test_commits_come_through(bundle, tmp_path):
    place = mirror(bundle, tmp_path / "cache")
    assert git("show", "refs/tasks/two:b/c.py", cwd=place) == "ä = 2\n"
    assert git("remote", cwd=place) == git("tag", cwd=place) == ""
    assert (place.stat().st_mode & 0o055) == 0o055


def test_made_once(bundle, tmp_path):
    place = mirror(bundle, tmp_path / "cache")
    before = place.stat().st_mtime_ns
    assert mirror(bundle, tmp_path / "cache") == place
    assert place.stat().st_mtime_ns == before


def test_many_at_once(bundle, tmp_path):
    with ProcessPoolExecutor(4) as pool:
        places = list(pool.map(mirror, [bundle] * 4, [tmp_path / "cache"] * 4))
    assert len(set(places)) == 1
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".git", ".lock"]


def test_what_a_killed_process_left_is_made_anew(bundle, tmp_path):
    place = mirror(bundle, tmp_path / "cache")
    place.rename(half := place.with_name(f".half-{place.name}"))
    (half / "HEAD").unlink()
    assert git("rev-parse", "refs/tasks/one", cwd=mirror(bundle, tmp_path / "cache"))
    assert not half.exists()


@pytest.mark.parametrize("keep", [0, 10, -20])
def test_a_damaged_bundle(bundle, tmp_path, keep):
    bundle.write_bytes(bundle.read_bytes()[:keep])
    with pytest.raises(
        UserError, match=r"repository.bundle: it is no whole git bundle \(.*\). Fix: delete it and run again"
    ):
        mirror(bundle, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.git"))
