"""A user's own repository as files: a commit of a local git repository, or a package's source release."""

import io
import lzma
import os
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.release import NoRelease, release
from scripts.benchmark.repository import File, git, git_bytes
from scripts.errors import UserError

REGISTRY = "registry:"
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error, lzma.LZMAError)
GIT = ("-c", "safe.directory=*")  # a study reads repositories of other users too


@dataclass(frozen=True)
class Code:
    """The files of a repository by path, and what they are, for people and for the benchmark's description."""

    files: dict[str, File]
    origin: str

    def text(self, path: str) -> str | None:
        """A file's text with its line ends as they are, or None where it is not UTF-8."""
        try:
            return self.files[path].data.decode()
        except UnicodeDecodeError:
            return None


def read_code(code: str, cache: Path, where: str) -> Code:
    """The files that the configuration's `code` names.

    Args:
        code: `registry:<package>==<version>`, or the path of a git repository, which `@<commit>` may follow.
        where: the key, for errors.

    Raises:
        UserError: there is no such repository, commit, package or version.
    """
    if code.startswith(REGISTRY):
        return from_registry(code.removeprefix(REGISTRY), cache / "releases", where)
    folder, commit = split_commit(code)
    return from_git(folder, commit, where)


def split_commit(code: str) -> tuple[Path, str]:
    """(folder, commit) of a path that may end in `@<commit>`; HEAD without one."""
    folder, at, commit = code.rpartition("@")
    return (
        (Path(folder).expanduser(), commit)
        if at and not Path(code).exists()
        else (Path(code).expanduser(), "HEAD")
    )


def version_of(code: str) -> str:
    """What `code` names now, as text that changes with it; empty where it names nothing."""
    if code.startswith(REGISTRY):
        return code
    folder, commit = split_commit(code)
    try:
        return git(*GIT, "rev-parse", "--verify", f"{commit}^{{commit}}", cwd=folder).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def from_git(folder: Path, commit: str, where: str) -> Code:
    """The files of a commit; what is not committed does not count."""
    fix = "name a folder with a git repository, or registry:<package>==<version>"
    try:
        below = os.fsdecode(git_bytes(*GIT, "rev-parse", "--show-prefix", cwd=folder)).removesuffix("\n")
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(where, f"{folder} is not a git repository", fix) from error
    if below:
        fix = "name that repository, or make the folder one of its own (git init, git add, git commit)"
        raise UserError(where, f"{folder} is not a git repository, but the folder {below} of one", fix)
    if not (full := version_of(f"{folder}@{commit}")):
        raise UserError(
            where, f"{folder} has no commit {commit}", "commit something, or name a commit of `git log`"
        )
    listing = os.fsdecode(git_bytes(*GIT, "ls-tree", "-r", "-z", "--full-tree", full, cwd=folder)).split("\0")
    rows = [(*about.split(), path) for about, path in (line.split("\t", 1) for line in listing if line)]
    contents = blobs(folder, [name for _, kind, name, _ in rows if kind == "blob"])
    files = {path: File(contents.get(name, name.encode()), mode) for mode, _, name, path in rows}
    return Code(files, f"{folder.resolve().name} at commit {full[:12]}")


def blobs(folder: Path, names: list[str]) -> dict[str, bytes]:
    """The contents of blobs by their hashes."""
    asked = "".join(f"{name}\n" for name in names).encode()
    answer = io.BytesIO(git_bytes(*GIT, "cat-file", "--batch", cwd=folder, stdin=asked))
    found = {}
    for name in names:
        size = int(answer.readline().split()[2])
        found[name] = answer.read(size)
        answer.read(1)
    return found


def from_registry(package: str, cache: Path, where: str) -> Code:
    """The files of a package's source release, without the folder around them."""
    name, _, version = package.partition("==")
    try:
        archive = release(name, version, cache)
    except NoRelease as reason:
        fix = f"name a version that `pip index versions {name}` lists and that has a source release"
        raise UserError(where, str(reason), fix) from reason
    try:
        files = {path.split("/", 1)[1]: file for path, file in unpacked(archive) if "/" in path}
    except DAMAGE as error:
        what = f"the archive {archive} is damaged ({error})"
        raise UserError(where, what, "delete it and run again") from error
    return Code(files, f"{name} {version} from the package registry")


def unpacked(archive: Path) -> Iterator[tuple[str, File]]:
    """(path, file) of everything in a .tar.gz or .zip."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            yield from (
                (info.filename, File(opened.read(info))) for info in opened.infolist() if not info.is_dir()
            )
        return
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile():
                yield (
                    member.name,
                    File(opened.extractfile(member).read(), "100755" if member.mode & 0o100 else "100644"),
                )
            elif member.issym():
                yield member.name, File(member.linkname.encode(), "120000")
