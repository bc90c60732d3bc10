"""Git's objects, read from a folder and from a repository that nobody inside a sandbox can touch.

A workspace's own .git is the agent's to break. What we learn of a workspace, we learn from its files,
hashed here by git's own rule (gitformat: "blob <size>\\0<content>"), so that no configuration, hook,
filter, attribute or ignore file in it matters.
"""

import hashlib
import os
import stat
import subprocess
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

DEEPEST = 100  # folders below folders; no repository goes deeper, and no agent's tree can make us fail by it
LEFT_OUT = (b".git", b"__pycache__", b".pytest_cache")
SUBMODULE = "160000"
# Attributes of the repository's own, which outrank every .gitattributes: files are bytes, and nothing else.
RAW = "* -text -eol -ident -filter -working-tree-encoding !diff !merge\n"
_IDENTITY = {"NAME": "rehearsal", "EMAIL": "rehearsal@localhost", "DATE": "2000-01-01T00:00:00+0000"}

Entry = tuple[str, str]  # mode and object name, both as git writes them
Files = dict[bytes, Entry]  # path below the root: its entry


@dataclass(frozen=True)
class Snapshot:
    """A folder as git would store it: the root tree's name, the files, and the trees' content by path."""

    tree: str
    files: Files
    trees: dict[bytes, bytes]


def git(
    *arguments: str | Path, folder: Path, stdin: bytes = b"", check: bool = True, **variables: str
) -> bytes:
    """Run git on the repository in ``folder`` without anybody's configuration; returns its standard output.

    Raises:
        subprocess.CalledProcessError: git failed and ``check`` is set.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_DIR": str(folder),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
    }
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1"}
    environment |= {
        f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _IDENTITY.items()
    }
    settings = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*"]
    done = subprocess.run(
        ["git", *settings, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=check,
        env=environment | variables,
    )
    return done.stdout


def skeleton(folder: Path, alternates: Path | None = None) -> Path:
    """An empty repository, written by hand: `git init` costs five times as long and reads the user's
    templates.
    """
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "objects" / "pack").mkdir()
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "info").mkdir()
    (folder / "info" / "attributes").write_text(RAW)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
    )
    if alternates:
        (folder / "objects" / "info" / "alternates").write_text(f"{alternates}\n")
    return folder


def object_name(kind: str, content: bytes) -> str:
    """SHA-1 name of a git object."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def write_object(folder: Path, kind: str, content: bytes) -> None:
    """Add a loose object to the repository in ``folder``."""
    name = object_name(kind, content)
    path = folder / "objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(f"{kind} {len(content)}\0".encode() + content, 1))


@dataclass(frozen=True)
class _Walk:
    """A snapshot in the making: what the folder was made of, what of that lies in LEFT_OUT, what is found."""

    base: Files
    caches: set[bytes]
    ignored: frozenset[bytes]
    files: Files = field(default_factory=dict)
    trees: dict[bytes, bytes] = field(default_factory=dict)

    def leaves_out(self, path: bytes) -> bool:
        left_out = path not in self.caches and not set(LEFT_OUT).isdisjoint(path.split(b"/"))
        return left_out or path in self.ignored

    def is_submodule(self, path: bytes) -> bool:
        return self.base.get(path, ("", ""))[0] == SUBMODULE


def snapshot(folder: Path, base: Files | None = None, ignored: frozenset[bytes] = frozenset()) -> Snapshot:
    """Hash a folder without LEFT_OUT and without what git does not store (empty folders, sockets, pipes).

    Args:
        base: files of the tree that the folder was made of. Its submodules, here empty folders, stay what they
            are, and what it has in LEFT_OUT counts.
        ignored: paths that do not count, whatever lies there.
    """
    base = base or {}
    within = [name.split(b"/") for name in base if not set(LEFT_OUT).isdisjoint(name.split(b"/"))]
    walk = _Walk(
        base, {b"/".join(parts[:depth]) for parts in within for depth in range(1, len(parts) + 1)}, ignored
    )
    tree = _tree(os.fsencode(folder), b"", walk) or _store(b"", [], walk.trees)
    return Snapshot(tree, walk.files, walk.trees)


def _tree(place: bytes, path: bytes, walk: _Walk) -> str | None:
    """Name of the tree of a folder, or None if nothing in it is stored."""
    entries: list[tuple[bytes, str, str]] = []
    if path.count(b"/") > DEEPEST:
        return None
    with os.scandir(_open_up(place, stat.S_IRWXU)) as found:
        for entry in found:
            below = path + b"/" + entry.name if path else entry.name
            if walk.leaves_out(below):
                continue
            if entry.is_dir(follow_symlinks=False):
                if name := _tree(entry.path, below, walk):
                    entries.append((entry.name, "40000", name))
                elif walk.is_submodule(below):
                    walk.files[below] = walk.base[below]
                    entries.append((entry.name, *walk.files[below]))
            elif (content := read(entry.path)) is not None:
                mode = _mode(entry.stat(follow_symlinks=False).st_mode)
                walk.files[below] = (mode, object_name("blob", content))
                entries.append((entry.name, *walk.files[below]))
    return _store(path, entries, walk.trees) if entries else None


def _store(path: bytes, entries: Iterable[tuple[bytes, str, str]], trees: dict[bytes, bytes]) -> str:
    """Keep and name a tree; git sorts folders as if their names ended in a slash."""
    ordered = sorted(entries, key=lambda entry: entry[0] + (b"/" if entry[1] == "40000" else b""))
    trees[path] = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha) for name, mode, sha in ordered
    )
    return object_name("tree", trees[path])


def read(path: bytes) -> bytes | None:
    """Content of a regular file, or the target of a link; None for anything else. Links are never
    followed.
    """
    kind = os.lstat(path).st_mode
    if stat.S_ISLNK(kind):
        return os.readlink(path)
    if not stat.S_ISREG(kind):
        return None
    with open(os.open(_open_up(path, stat.S_IRUSR), os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def _open_up(path: bytes, wanted: int) -> bytes:
    """Give ourselves access to what an agent closed to its owner, who we are where we are not root."""
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    if mode & wanted != wanted:
        os.chmod(path, mode | wanted)
    return path


def _mode(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "120000"
    return "100755" if mode & stat.S_IXUSR else "100644"


def tree_of(folder: Path, name: str) -> str | None:
    """Hash of the tree that a ref, commit or tree of a repository names; None if there is none."""
    found = git("rev-parse", "--verify", "--quiet", f"{name}^{{tree}}", folder=folder, check=False)
    return found.decode().strip() or None


def listing(folder: Path, tree: str) -> Files:
    """Files of a stored tree, submodules among them."""
    lines = git("ls-tree", "-r", "-z", "--full-tree", tree, folder=folder).split(b"\0")
    rows = (line.split(b"\t", 1) for line in lines if line)
    return {path: (about.split()[0].decode(), about.split()[2].decode()) for about, path in rows}
