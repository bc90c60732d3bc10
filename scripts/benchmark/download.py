"""Downloads that go on where they broke off, and count only when they are whole.

A file comes in as <name>.part and gets its name when it is complete and its checksum right; <name>.sha256 beside it
is in the form of `sha256sum`, which can check it. RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests).
"""

import fcntl
import logging
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from scripts.benchmark.places import check, digest
from scripts.errors import UserError
from scripts.files import NO_ROOM, atomic_write, sha256_of

ATTEMPTS = 5  # without a byte of progress in between
WAIT = 1.0  # seconds before the second attempt; more before each further one
TIMEOUT = (20, 60)  # seconds to connect, and between two pieces
PIECE = 1 << 16
BY_HAND = "download it elsewhere and name its path instead"
log = logging.getLogger(__name__)


class Broken(Exception):
    """The transfer ended early or the server is busy: worth another attempt."""


def download(url: str, folder: Path | str, sha256: str | None = None) -> Path:
    """The file behind a URL, in `folder` under a name made of the URL; nothing is asked for where it lies already.

    Raises:
        UserError: no connection, refused, broken off after `ATTEMPTS` attempts without progress, wrong checksum.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{sha256_of(url)[:12]}-{Path(urlsplit(url).path).name or 'file'}"
    with open(folder / f"{place.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole(place, sha256):
            fetch(url, part := folder / f"{place.name}.part", resumable=bool(sha256))
            finish(url, part, place, sha256)
    return place


def whole(place: Path, sha256: str | None) -> bool:
    """Does the file lie there as it was recorded, and is it the one that is wanted?"""
    record = place.with_name(f"{place.name}.sha256")
    if not (place.is_file() and record.is_file()):
        return False
    recorded = record.read_text().split()[:1]
    return recorded == [digest(place)] and sha256 in (None, *recorded)


def finish(url: str, part: Path, place: Path, sha256: str | None) -> None:
    """Give a complete file its name and its record; a wrong one is removed, for nothing is gained by going on from it."""
    found = digest(part)
    try:
        check(found, sha256, url, f"correct `sha256`, or {BY_HAND}")
    except UserError:
        part.unlink()
        raise
    finally:
        tag_file(part).unlink(missing_ok=True)
    part.replace(place)
    atomic_write(place.with_name(f"{place.name}.sha256"), f"{found}  {place.name}\n")


def fetch(url: str, part: Path, resumable: bool) -> None:
    """Load the URL into `part`, in as many attempts as it takes while each gets further than the one before."""
    left, last = ATTEMPTS, -1
    while True:
        try:
            return attempt(url, part, resumable)
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
            raise UserError(url, f"it is no address ({reason(error)})", "write https://...") from error
        except (Broken, requests.RequestException, HTTPError) as error:
            so_far = part.stat().st_size if part.is_file() else 0
            left, last = (left - 1 if so_far <= last else ATTEMPTS - 1), so_far
            log.warning("%s: %s; %d bytes so far", url, reason(error), so_far)
            if left <= 0:
                raise given_up(url, error, so_far) from error
            time.sleep(WAIT * (ATTEMPTS - left))


def given_up(url: str, error: Exception, so_far: int) -> UserError:
    """What to tell after the last attempt."""
    if not so_far:
        return UserError(url, f"it cannot be downloaded ({reason(error)})", BY_HAND)
    what = f"the download is truncated: it breaks off after {so_far:,} bytes ({reason(error)})"
    return UserError(url, what, f"run again, and it goes on from there; or {BY_HAND}")


def reason(error: Exception) -> str:
    """The innermost cause in one line: `requests` wraps what happened three times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return " ".join(str(error).split())[:200] or type(error).__name__


def attempt(url: str, part: Path, resumable: bool) -> None:
    """One request, from where `part` ends if the server can tell that it is still the same file.

    Raises:
        Broken: fewer bytes came than were announced, or the server has a passing trouble.
        UserError: the server refuses.
    """
    tag = tag_file(part).read_text() if tag_file(part).is_file() else ""
    start = part.stat().st_size if part.is_file() and (tag or resumable) else 0
    headers = {"Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={start}-"} if start else {}
    headers |= {"If-Range": tag} if start and tag else {}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 416:  # nothing there to go on with: the part is longer than the file
            part.unlink()
            raise Broken("the file is shorter now")
        judge(url, answer)
        start = start if answer.status_code == 206 else 0
        if start and not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            part.unlink()
            raise Broken("the server sent another part than was asked for")
        tag_file(part).write_text(strong_tag(answer))
        receive(answer, part, start)


def judge(url: str, answer: requests.Response) -> None:
    """Sort out the answers without a file: passing trouble, or refusal."""
    said = f"{answer.status_code} {answer.reason}"
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Broken(f"the server says {said}")
    if answer.status_code not in (200, 206):
        raise UserError(url, f"the server says {said}", f"correct the address, or {BY_HAND}")


def strong_tag(answer: requests.Response) -> str:
    """What names this very content for If-Range; a weak tag or a date does not."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else ""


def receive(answer: requests.Response, part: Path, start: int) -> None:
    """Write what comes, as it comes; Broken if it is less than announced, UserError if there is no room."""
    announced = answer.headers.get("Content-Length")
    with open(part, "ab" if start else "wb") as file:
        while piece := answer.raw.read1(PIECE, decode_content=False):
            write(file, piece)
        size = file.tell()
    if announced is not None and size != start + int(announced):
        raise Broken(f"{size:,} of {start + int(announced):,} bytes came")


def write(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        fix = "make room and run again: the download goes on where it stopped"
        raise UserError(file.name, f"no room for the download ({error.strerror})", fix) from error


def tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")
