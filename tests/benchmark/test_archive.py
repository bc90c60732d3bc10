"""A task's files out of a release: what comes off cleanly is right to the byte, and the rest is left out with a reason."""

import json
import tarfile

import pytest

from scripts.benchmark import archive, base_commits, release
from scripts.benchmark.task import check_tasks
from scripts.errors import UserError
from scripts.trajectories.gitdata import git as bare
from scripts.trajectories.gitdata import listing, skeleton, tree_of
from tests.benchmark.published import BEFORE, FIX, MORE, MORE_FIX, MORE_TESTS, TESTS, history, pack, sdist
from tests.small_repository import git

README = {"README.md": "kit\n"}
RELEASE = {**README, **FIX, **TESTS, **MORE_FIX, **MORE_TESTS}


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "source")


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A folder that stands for the registry: pip looks nowhere else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "registry"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    (tmp_path / "registry").mkdir()
    return tmp_path / "registry"


def rebuilt(tasks, tmp_path):
    return archive.trees_of(tasks, tmp_path / "git", tmp_path / "cache")


def other(task, **about):
    """The same task with another field of its record."""
    record = json.loads(json.dumps(task.record))
    for name, value in about.items():
        block, _, key = name.partition("__")
        record[block][key] = value
    return check_tasks([record], "here")[0]


def test_the_release_without_the_fix(tasks, registry, tmp_path):
    sdist(RELEASE, registry)
    trees, left_out = rebuilt(tasks, tmp_path)
    assert left_out == {}
    shown = {
        task: {
            name.decode(): bare("cat-file", "blob", sha, folder=tmp_path / "git").decode()
            for name, (_, sha) in listing(tmp_path / "git", tree).items()
            if name != b"setup.py"
        }
        for task, tree in trees.items()
    }
    assert shown == {
        "kit__kit-1": {**README, **BEFORE, **MORE_FIX, **MORE_TESTS},
        "kit__kit-2": {**README, **FIX, **TESTS, **MORE},
    }


def test_the_patches_lead_back_to_the_release(tasks, registry, tmp_path):
    sdist(RELEASE, registry)
    trees, _ = rebuilt(tasks, tmp_path)
    released = tree_of(tmp_path / "git", "refs/releases/rehearsal-kit-1.0")
    for task in tasks:
        bare("read-tree", trees[task.id], folder=tmp_path / "git")
        for patch in (task.patch, task.test_patch):
            bare("apply", "--cached", "-", folder=tmp_path / "git", stdin=patch.encode())
        assert bare("write-tree", folder=tmp_path / "git").decode().strip() == released


def test_tests_that_a_later_change_renamed(tasks, registry, tmp_path):
    """Names as unittest, pytest and django (a docstring's first line) print them; only whole words count."""
    sdist({**RELEASE, "kit/signals.py": 'def test_three():\n    """SIGINT ends queries."""\n'}, registry)
    there = [
        "test_two (tests.test_more.Case)",
        "tests/test_core.py::Case::test_one[a b]",
        "SIGINT ends queries.",
    ]
    gone = ["test_tw (tests.test_more.Case)", "tests/test_core.py::test_1[one]", "SIGINT ends quries."]
    task = other(tasks[0], evaluation__PASS_TO_PASS=[*there, *gone])
    rebuilt([task], tmp_path)
    assert archive.lacking(task, tmp_path / "git") == gone
    files = base_commits.collect("archives", [task], tmp_path / "bundle", tmp_path / "cache")
    (row,) = base_commits.marked([task], files, "archive")["sequences"][0]["tasks"]
    assert (row["evaluation"]["PASS_TO_PASS"], row["rehearsal"]["lacking_tests"]) == (there, gone)


def test_a_patch_that_does_not_come_off(tasks, registry, tmp_path):
    sdist({**RELEASE, "kit/core.py": "def one():\n    return 1.0\n"}, registry)
    trees, left_out = rebuilt(tasks, tmp_path)
    assert set(trees) == {"kit__kit-2"}
    reason = "the gold patch does not come off the release 1.0 (error: kit/core.py: patch does not apply)"
    assert left_out == {"kit__kit-1": reason}


def test_tests_that_do_not_come_off(tasks, registry, tmp_path):
    sdist({name: text for name, text in RELEASE.items() if name not in TESTS}, registry)
    _, left_out = rebuilt(tasks, tmp_path)
    assert "the test patch does not come off" in left_out["kit__kit-1"]
    assert "tests/test_core.py: does not exist in index" in left_out["kit__kit-1"]


def test_no_such_release(tasks, registry, tmp_path):
    sdist(RELEASE, registry)
    late = other(tasks[0], rehearsal__version="2.0")
    assert rebuilt([late], tmp_path) == ({}, {late.id: "no source archive of rehearsal-kit 2.0"})


def test_no_known_version(tasks, registry, tmp_path):
    unknown = other(tasks[0], rehearsal__version=None)
    assert rebuilt([unknown], tmp_path) == ({}, {unknown.id: "its version is not known"})


def test_no_such_package(tasks, registry, tmp_path):
    with pytest.raises(UserError, match=r"rehearsal-kit 1.0: pip finds no source archive.*PIP_FIND_LINKS"):
        rebuilt(tasks, tmp_path)


def test_a_registry_that_does_not_answer_leaves_no_task_out(tasks, registry, tmp_path, monkeypatch):
    sdist(RELEASE, registry, version="0.9")
    for name, value in {"NO_INDEX": "0", "INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(UserError, match=r"the package registry does not answer .*127.0.0.1"):
        rebuilt(tasks, tmp_path)


def test_no_pip(tasks, registry, tmp_path, monkeypatch):
    monkeypatch.setattr(release, "ASK", tmp_path / "absent.py")
    with pytest.raises(UserError, match="pip could not download"):
        rebuilt(tasks, tmp_path)


def test_taken_once(tasks, registry, tmp_path):
    place = sdist(RELEASE, registry)
    first = release.release("rehearsal-kit", "1.0", tmp_path / "cache")
    place.unlink()
    assert release.release("rehearsal-kit", "1.0", tmp_path / "cache") == first
    assert first.name == "rehearsal_kit-1.0.tar.gz"


def test_an_archive_that_is_not_the_registrys(registry, tmp_path, monkeypatch):
    def asked(package, version, folder):
        (folder / "archive").write_bytes(b"another")
        return {"versions": ["1.0"], "archive": "kit-1.0.tar.gz", "algorithm": "sha256", "hash": "0" * 64}

    monkeypatch.setattr(release, "ask", asked)
    with pytest.raises(UserError, match="is not the one that the registry names"):
        release.release("kit", "1.0", tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.tar.gz"))


@pytest.mark.parametrize("keep", [0, 10, 200, -30, -3])
def test_a_damaged_archive(tmp_path, keep):
    place = sdist(RELEASE, tmp_path)
    place.write_bytes(place.read_bytes()[:keep])
    with pytest.raises(
        UserError, match=r"rehearsal_kit-1.0.tar.gz: the archive is damaged .*delete it and run again"
    ):
        archive.read_into(place, "refs/releases/kit", skeleton(tmp_path / "git"))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_flipped_bit(tmp_path, share):
    place = sdist(RELEASE, tmp_path)
    raw = bytearray(place.read_bytes())
    raw[int(len(raw) * share)] ^= 4
    place.write_bytes(raw)
    with pytest.raises(UserError, match="the archive is damaged"):
        archive.read_into(place, "refs/releases/kit", skeleton(tmp_path / "git"))


def test_damage_stops_the_job(tasks, registry, tmp_path):
    sdist(RELEASE, registry).write_bytes(b"")
    with pytest.raises(UserError, match="the archive is damaged"):
        rebuilt(tasks, tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "../out.py",
        "kit-1/../../out.py",
        "/tmp/out.py",
        "kit-1/.git/config",
        "kit-1/a/.GIT/hooks/x",
        "kit-1/..",
    ],
)
def test_a_path_that_leads_outside(tmp_path, path):
    place = pack({"kit-1/a.py": b"a\n", path: b"x\n"}, tmp_path / "kit-1.tar.gz")
    with pytest.raises(UserError, match=r"the archive is damaged .it holds the path"):
        archive.read_into(place, "refs/releases/kit", skeleton(tmp_path / "git"))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file(tmp_path, kind):
    member = tarfile.TarInfo()
    member.type = kind
    place = pack({"kit-1/device": member}, tmp_path / "kit-1.tar.gz")
    with pytest.raises(UserError, match="kit-1/device is no file, link or folder"):
        archive.read_into(place, "refs/releases/kit", skeleton(tmp_path / "git"))


def member(kind, link="", mode=0o644):
    found = tarfile.TarInfo()
    found.type, found.linkname, found.mode = kind, link, mode
    return found


def test_every_kind_of_file(tmp_path):
    odd = 'kit-1/a "b"\\\n.py'
    members = {
        "kit-1": member(tarfile.DIRTYPE, mode=0o755),
        "kit-1/a.py": b"a\n",
        "./kit-1/tool": member(tarfile.REGTYPE, mode=0o755),
        "kit-1/link": member(tarfile.SYMTYPE, "/etc/passwd"),
        "kit-1/same": member(tarfile.LNKTYPE, "kit-1/a.py"),
        "kit-1/empty": member(tarfile.DIRTYPE),
        "kit-1/kit.egg-info/SOURCES.txt": b"a.py\n",
        "kit-1/PKG-INFO": b"Name: kit\n",
        "kit-1/tests/data/PKG-INFO": b"Name: other\n",
        odd: b"odd\n",
        "kit-1/über": b"u\n",
    }
    folder = skeleton(tmp_path / "git")
    archive.read_into(pack(members, tmp_path / "kit-1.tar.gz"), "refs/releases/kit", folder)
    found = {name.decode(): mode for name, (mode, _) in listing(folder, "refs/releases/kit").items()}
    plain = dict.fromkeys(
        ["a.py", "same", "tests/data/PKG-INFO", odd.removeprefix("kit-1/"), "über"], "100644"
    )
    assert found == plain | {"tool": "100755", "link": "120000"}
    assert git(folder, "--git-dir=.", "show", "refs/releases/kit:link") == "/etc/passwd"
    assert git(folder, "--git-dir=.", "show", "refs/releases/kit:same") == "a\n"
