"""Where the files of a user's own repository come from, and what is said where there are none."""

import io
import os
import tarfile

import pytest

from scripts.benchmark import own_code
from scripts.benchmark.mirror import mirror
from scripts.benchmark.own_code import read_code, unpacked, version_of
from scripts.benchmark.release import NoRelease
from scripts.benchmark.repository import File, write_bundle
from scripts.errors import UserError
from scripts.trajectories.gitdata import listing, tree_of
from tests.benchmark import ledger
from tests.small_repository import git


@pytest.fixture
def repository(tmp_path):
    return ledger.repository(tmp_path / "lib", {"a.py": "a = 1\n", "run.sh": "true\n"})


def test_head_without_what_is_not_committed(repository, tmp_path):
    (repository / "run.sh").chmod(0o755)
    (repository / "link").symlink_to("a.py")
    (repository / "raw").write_bytes(b"\xff\r\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    (repository / "a.py").write_text("a = 2\n")
    code = read_code(str(repository), tmp_path, "x")
    assert code.files == {
        "a.py": File(b"a = 1\n"),
        "run.sh": File(b"true\n", "100755"),
        "link": File(b"a.py", "120000"),
        "raw": File(b"\xff\r\n"),
    }
    assert code.text("raw") is None and code.text("a.py") == "a = 1\n"


def test_a_commit_by_its_name(repository, tmp_path):
    first = git(repository, "rev-parse", "HEAD").strip()
    (repository / "a.py").write_text("a = 2\n")
    git(repository, "commit", "--quiet", "--all", "--message", "more")
    assert read_code(f"{repository}@{first[:8]}", tmp_path, "x").text("a.py") == "a = 1\n"
    assert read_code(str(repository), tmp_path, "x").text("a.py") == "a = 2\n"
    assert version_of(f"{repository}@{first[:8]}") == first != version_of(str(repository))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("{}/nowhere", "x: .*/nowhere is not a git repository. Fix: name a folder with a git repository"),
        ("{}", "is not a git repository"),
        ("{}/lib/src", "x: .*/lib/src is not a git repository, but the folder src/ of one. Fix: name that"),
        ("{}/lib@0123456", "lib has no commit 0123456"),
    ],
)
def test_what_is_no_repository_or_commit_is_named(code, message, repository, tmp_path):
    (repository / "src").mkdir()
    with pytest.raises(UserError, match=message):
        read_code(code.format(tmp_path), tmp_path, "x")
    assert version_of(code.format(tmp_path)) == "" or code.endswith("src")


def test_a_release_without_the_folder_around_it(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "kit-1.0.tar.gz", "w:gz") as archive:
        for name, mode in (("kit-1.0/kit/a.py", 0o644), ("kit-1.0/run", 0o755)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = 2, mode
            archive.addfile(info, io.BytesIO(b"a\n"))
    monkeypatch.setattr(own_code, "release", lambda name, version, cache: tmp_path / "kit-1.0.tar.gz")
    code = read_code("registry:kit==1.0", tmp_path, "x")
    assert code.files == {"kit/a.py": File(b"a\n"), "run": File(b"a\n", "100755")}
    assert code.origin == "kit 1.0 from the package registry"
    assert dict(unpacked(tmp_path / "kit-1.0.tar.gz")).keys() == {"kit-1.0/kit/a.py", "kit-1.0/run"}


def test_a_name_that_is_no_text_and_a_repository_without_a_work_tree(repository, tmp_path):
    (repository / os.fsdecode(b"caf\xe9.txt")).write_text("x\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    code = read_code(str(repository / ".git"), tmp_path, "x")
    assert code.files[os.fsdecode(b"caf\xe9.txt")] == File(b"x\n")
    write_bundle({"original": code.files}, tmp_path / "bundle")
    copy = mirror(tmp_path / "bundle", tmp_path / "mirrors")
    own = repository / ".git"
    assert listing(copy, tree_of(copy, "refs/tasks/original")) == listing(own, tree_of(own, "HEAD"))


def test_a_torn_archive_is_named(tmp_path, monkeypatch):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        info = tarfile.TarInfo("kit-1.0/a.py")
        info.size = 10_000
        archive.addfile(info, io.BytesIO(os.urandom(10_000)))
    (tmp_path / "kit-1.0.tar.gz").write_bytes(whole.getvalue()[:5_000])
    monkeypatch.setattr(own_code, "release", lambda name, version, cache: tmp_path / "kit-1.0.tar.gz")
    with pytest.raises(
        UserError, match=r"x: the archive .*kit-1.0.tar.gz is damaged .*Fix: delete it and run"
    ):
        read_code("registry:kit==1.0", tmp_path, "x")


def test_a_version_without_a_release_is_named(tmp_path, monkeypatch):
    def nothing(name, version, cache):
        raise NoRelease(f"no source archive of {name} {version}")

    monkeypatch.setattr(own_code, "release", nothing)
    with pytest.raises(
        UserError, match=r"x: no source archive of toolz 99.9. Fix: name a version that `pip index"
    ):
        read_code("registry:toolz==99.9", tmp_path, "x")
