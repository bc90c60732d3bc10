"""Downloads from a real server that breaks off, refuses, or changes its mind: whole files count, others are told."""

import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.benchmark import download as module
from scripts.benchmark.download import download
from scripts.errors import UserError

DATA = bytes(range(256)) * 2000
RIGHT = sha256(DATA).hexdigest()


@dataclass
class Behaviour:
    """What the server does: with each request it breaks off after the next number of bytes, None sends all."""

    breaks: list[int | None] = field(default_factory=list)
    data: bytes = DATA
    ranges: bool = True
    tag: str = '"one"'
    status: int = 200
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(behaviour: Behaviour):
    """The address of a file on a server of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self, behaviour)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cl.json"
    finally:
        server.shutdown()
        server.server_close()


def answer(request: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    """One answer, cut where the behaviour says so."""
    wanted = request.headers.get("Range", "")
    behaviour.asked.append(wanted)
    same = request.headers.get("If-Range", behaviour.tag) == behaviour.tag
    start = int(wanted.removeprefix("bytes=")[:-1]) if wanted and behaviour.ranges and same else 0
    body = behaviour.data[start:]
    status = 416 if start and not body else 206 if start else behaviour.status
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    if behaviour.tag:
        request.send_header("ETag", behaviour.tag)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(behaviour.data) - 1}/{len(behaviour.data)}")
    request.end_headers()
    end = behaviour.breaks.pop(0) if behaviour.breaks else None
    request.wfile.write(body[:end])
    request.close_connection = True


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "WAIT", 0.0)


def test_a_file_comes_whole_with_its_checksum_beside_and_is_not_asked_for_again(tmp_path):
    with serving(behaviour := Behaviour()) as url:
        place = download(url, tmp_path)
        assert place.read_bytes() == DATA
        assert download(url, tmp_path) == download(url, tmp_path, RIGHT) == place
    assert behaviour.asked == [""]
    assert place.with_name(f"{place.name}.sha256").read_text() == f"{RIGHT}  {place.name}\n"
    subprocess.run(["sha256sum", "--check", "--quiet", f"{place.name}.sha256"], cwd=tmp_path, check=True)


def test_a_broken_download_goes_on_where_it_stopped(tmp_path):
    with serving(behaviour := Behaviour(breaks=[100_000, 150_000, 7])) as url:
        assert download(url, tmp_path).read_bytes() == DATA
    assert behaviour.asked == ["", "bytes=100000-", "bytes=250000-", "bytes=250007-"]
    assert not list(tmp_path.glob("*.part*"))


def test_a_killed_download_is_taken_up_by_the_next_run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    with serving(behaviour := Behaviour(breaks=[100_000])) as url:
        with pytest.raises(
            UserError, match=r"truncated: it breaks off after 100,000 bytes .*Fix: run again, and it goes on"
        ):
            download(url, tmp_path)
        assert not [file for file in tmp_path.iterdir() if file.name.endswith("-cl.json")]
        assert download(url, tmp_path).read_bytes() == DATA
    assert behaviour.asked == ["", "bytes=100000-"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_never_gets_further_is_truncated(tmp_path, ranges):
    behaviour = Behaviour(breaks=[5000] + [0 if ranges else 5000] * 9, ranges=ranges)
    told = pytest.raises(UserError, match=r"^http.*/cl.json: the download is truncated: .* 5,000 bytes")
    with serving(behaviour) as url, told:
        download(url, tmp_path)
    assert len(behaviour.asked) == module.ATTEMPTS


def test_a_file_that_changed_meanwhile_is_not_pieced_together(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    with serving(behaviour := Behaviour(breaks=[100_000])) as url:
        with pytest.raises(UserError, match="truncated"):
            download(url, tmp_path)
        behaviour.data, behaviour.tag = DATA[::-1], '"two"'
        assert download(url, tmp_path).read_bytes() == DATA[::-1]


def test_without_a_tag_only_a_checksum_makes_going_on_safe(tmp_path):
    for wanted, asked in ((None, ""), (RIGHT, "bytes=100000-")):
        with serving(behaviour := Behaviour(breaks=[100_000], tag="")) as url:
            assert download(url, tmp_path, wanted).read_bytes() == DATA
        assert behaviour.asked[1] == asked


def test_a_partial_file_longer_than_the_file_begins_anew(tmp_path):
    with serving(Behaviour(breaks=[100_000])) as url:
        place = download(url, tmp_path)
        place.rename(f"{place}.part").write_bytes(DATA + b"more")
        assert download(url, tmp_path, RIGHT).read_bytes() == DATA


def test_a_wrong_checksum_is_told_and_leaves_nothing(tmp_path):
    with serving(behaviour := Behaviour()) as url:
        with pytest.raises(
            UserError, match=f"wrong checksum: SHA-256 {RIGHT}, configured is {'0' * 64}. Fix: "
        ):
            download(url, tmp_path, "0" * 64)
        assert [file.suffix for file in tmp_path.iterdir()] == [".lock"]
        assert download(url, tmp_path, RIGHT).read_bytes() == DATA
    assert behaviour.asked == ["", ""]


def test_a_file_that_was_changed_on_disk_is_taken_again(tmp_path):
    with serving(behaviour := Behaviour()) as url:
        download(url, tmp_path).write_bytes(b"rot")
        assert download(url, tmp_path).read_bytes() == DATA
    assert len(behaviour.asked) == 2


@pytest.mark.parametrize(
    ("status", "asked", "message"),
    [
        (404, 1, r"the server says 404 Not Found. Fix: correct the address, or download it elsewhere"),
        (503, module.ATTEMPTS, r"it cannot be downloaded \(the server says 503 Service Unavailable\)"),
    ],
)
def test_a_refusal_is_not_repeated_and_passing_trouble_is(tmp_path, status, asked, message):
    behaviour = Behaviour(status=status)
    with serving(behaviour) as url, pytest.raises(UserError, match=message):
        download(url, tmp_path)
    assert len(behaviour.asked) == asked


def test_no_server_and_no_address(tmp_path):
    with serving(Behaviour()) as url:
        pass
    with pytest.raises(
        UserError, match=r"cannot be downloaded .*refused.*Fix: download it elsewhere and name its path"
    ):
        download(url, tmp_path)
    with pytest.raises(UserError, match="ftp://x/y: it is no address"):
        download("ftp://x/y", tmp_path)
